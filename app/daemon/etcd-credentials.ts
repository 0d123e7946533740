import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { readSecretFile } from "@plinth/file";
import { type EtcdAddress, parseEtcdUrl, type Credentials, type TlsOptions } from "@plinth/store";

/** What an etcd cluster is shown, and its members' certificates are checked by. */
export interface EtcdCredentials {
  readonly tls?: TlsOptions;
  readonly credentials?: Credentials;
}

/** Certificates are public: theirs may be read by anybody. */
const AUTHORITY = "ca.crt";
const CERTIFICATE = "client.crt";
const KEY = "client.key";
/** One line, "user:password". */
const PASSWORD = "password";
const NAMES: readonly string[] = [AUTHORITY, CERTIFICATE, KEY, PASSWORD];

/**
 * Reads `ca.crt` (default: the system's roots), `client.crt` with `client.key`, and `password`, those of them that are in
 * the directory; all PEM but the last. Fault "invalid" where they do not fit each other or the cluster's URL, "forbidden"
 * where others may read a key or the password.
 */
export async function readEtcdCredentials(directory: string, url: string): Promise<EtcdCredentials> {
  const address = parseEtcdUrl(url);
  const refuse = (why: string, hint?: string): Fault =>
    new Fault(
      "invalid",
      `Cannot use what is in "${directory}" for ${url}: ${why}`,
      hint === undefined ? {} : { hint },
    );
  const unknown = (await namesIn(directory)).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw refuse(`"${unknown}" is none of ${NAMES.join(", ")}`);
  const [ca, cert] = await Promise.all([
    readIfThere(directory, AUTHORITY),
    readIfThere(directory, CERTIFICATE),
  ]);
  const key = await readSecretFile(join(directory, KEY), { what: "the key of the store's client" });
  const password = await readSecretFile(join(directory, PASSWORD), { what: "the store's password" });
  if ((cert === undefined) !== (key === undefined)) throw refuse(`${CERTIFICATE} and ${KEY} belong together`);
  const needsTls = ca !== undefined || cert !== undefined;
  if (!address.tls && (needsTls || (password !== undefined && !isOnThisMachine(address)))) {
    throw refuse(
      "nothing of it is sent or checked in the clear",
      `Write the URL as ${url.replace("etcd:", "etcds:")}`,
    );
  }
  return {
    ...(address.tls && {
      tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
    }),
    ...(password && { credentials: credentialsOf(password, refuse) }),
  };
}

function credentialsOf(line: Buffer, refuse: (why: string) => Fault): Credentials {
  const [, user, password] = /^([^:\n]+):([^\n]+)\n?$/.exec(line.toString()) ?? [];
  if (user === undefined || password === undefined)
    throw refuse(`${PASSWORD} is not a line of user:password`);
  return { user, password };
}

function isOnThisMachine({ endpoints }: EtcdAddress): boolean {
  return endpoints.every((endpoint) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(endpoint));
}

const ifThere = async <Result>(result: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

const namesIn = async (directory: string): Promise<readonly string[]> =>
  (await ifThere(readdir(directory))) ?? [];

const readIfThere = (directory: string, name: string): Promise<Buffer | undefined> =>
  ifThere(readFile(join(directory, name)));
