import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Fault } from "@plinth/fault";
import { readSecretFile } from "@plinth/file";
import { STORE_PASSWORD_VARIABLE } from "@plinth/resource";
import { openTlsDoor, type TlsFiles } from "@plinth/store";
import type { Context } from "./command.ts";
import { UsageFault } from "./exit-code.ts";

/**
 * A connection on which nothing comes for so long is asked by the system whether its peer is still there, and closed
 * some ten seconds after that if it is not: watches that nobody reads any more would be kept for ever. As etcd's.
 */
const KEEP_ALIVE_MS = 15_000;
/** Longer than any password, and than a certificate that was named by mistake. */
const PASSWORD_BYTES_MAX = 1024;

/** Where `store serve` listens. */
export interface Listening {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** The URLs of a flag; undefined if it was not given. */
export function urlsOf(context: Context, flag: string): string[] | undefined {
  return context
    .text(flag)
    ?.split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
}

/** UsageFault for what is no address. */
export function listeningOf({ words }: Context, url: string): Listening {
  const parts = /^(https?):\/\/(\[[0-9a-f:]+\]|[^/:[\]]+):(\d{1,5})\/?$/i.exec(url);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535) {
    throw new UsageFault(
      `Cannot listen on ${JSON.stringify(url)}: expected http://HOST:PORT or https://HOST:PORT`,
      words,
    );
  }
  const secure = parts[1]!.toLowerCase() === "https";
  return { url, host: parts[2]!.replace(/^\[|\]$/g, ""), port, secure };
}

/** The files TLS needs; undefined where nothing asks for it. UsageFault where they are not enough, or for nothing. */
export function tlsFilesOf(
  context: Context,
  clients: readonly Listening[],
  metrics: readonly Listening[],
): TlsFiles | undefined {
  const { words } = context;
  const [cert, key] = [context.text("cert-file"), context.text("key-file")];
  const [trustedCa, crl] = [context.text("trusted-ca-file"), context.text("client-crl-file")];
  const certAuth = context.is("client-cert-auth");
  const plain = clients.find(({ secure }) => !secure);
  if ((trustedCa !== undefined || certAuth) && plain !== undefined) {
    throw new UsageFault(`Cannot ask for certificates on ${plain.url}: it is not https://`, words);
  }
  if (trustedCa === undefined && (certAuth || crl !== undefined)) {
    const flag = certAuth ? "client-cert-auth" : "client-crl-file";
    throw new UsageFault(`Cannot use --${flag} without --trusted-ca-file`, words);
  }
  const secure = [...clients, ...metrics].find((each) => each.secure);
  if (secure === undefined) {
    if (cert === undefined && key === undefined) return undefined;
    throw new UsageFault("Cannot use --cert-file and --key-file: no URL is https://", words);
  }
  if (cert === undefined || key === undefined) {
    throw new UsageFault(`Cannot listen on ${secure.url} without --cert-file and --key-file`, words);
  }
  return {
    cert,
    key,
    ...(trustedCa === undefined ? {} : { trustedCa }),
    ...(crl === undefined ? {} : { crl }),
  };
}

export interface RootPassword {
  readonly text: string;
  /** A root that is there has this one from now on. */
  readonly replaces: boolean;
}

/** The environment's, which an app's store has always, as its callers are given it, too; or the one in the file that a flag names; Fault "forbidden" where others may read it. */
export async function rootPasswordOf(context: Context): Promise<RootPassword | undefined> {
  const given = process.env[STORE_PASSWORD_VARIABLE];
  if (given !== undefined && given !== "") return { text: given, replaces: true };
  const file = context.text("initial-root-password-file");
  if (file === undefined) return undefined;
  const held = await readSecretFile(file, { what: "the password in", hint: `chmod 600 ${file}` });
  if (held === undefined)
    throw new Fault("not-found", `Cannot use the password in "${file}": there is no such file`);
  if (held.length > PASSWORD_BYTES_MAX) {
    throw new Fault(
      "too-large",
      `Cannot use the password in "${file}": more than ${PASSWORD_BYTES_MAX} bytes`,
    );
  }
  const text = held.toString().replace(/\r?\n$/, "");
  if (text === "") throw new Fault("invalid", `Cannot use the password in "${file}": it is empty`);
  return { text, replaces: false };
}

export interface ListenOptions {
  readonly files: TlsFiles | undefined;
  /** The connections are their server's to close. */
  readonly onSocket: (socket: Socket) => void;
  readonly onError: (error: unknown) => void;
}

/** Listens until disposed. */
export async function listenOn(
  { host, port, secure }: Listening,
  { files, onSocket, onError }: ListenOptions,
): Promise<AsyncDisposable> {
  await using setup = new AsyncDisposableStack();
  let accept = onSocket;
  if (secure && files !== undefined) {
    const door = setup.use(await openTlsDoor({ files, onSocket, onError }));
    accept = (socket) => door.accept(socket);
  }
  const listener = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    accept,
  ).listen(port, host);
  await once(listener, "listening");
  setup.defer(() => void listener.close());
  return setup.move();
}
