import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { JsonObject } from "../json.ts";

/** A user's name and password, or a token that buys others. Never in a message, a log or an argument. */
export type Credentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "identity"; readonly token: string };

export interface FoundCredentials {
  readonly credentials: Credentials | undefined;
  /** A program that keeps them, which Plinth does not run: "docker-credential-…". */
  readonly helper: string | undefined;
}

const FILE_BYTES_MAX: number = 1 << 20;
const OTHERS = 0o077;
/** Docker's own name for its hub in these files. */
const HUB_KEYS = ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];

/** Where podman, skopeo and Docker keep credentials, in the order in which they are asked. */
export function usualCredentialFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = env;
  const home = env["HOME"] ?? homedir();
  return [
    ...(REGISTRY_AUTH_FILE === undefined ? [] : [REGISTRY_AUTH_FILE]),
    ...(XDG_RUNTIME_DIR === undefined ? [] : [join(XDG_RUNTIME_DIR, "containers/auth.json")]),
    join(XDG_CONFIG_HOME ?? join(home, ".config"), "containers/auth.json"),
    join(DOCKER_CONFIG ?? join(home, ".docker"), "config.json"),
  ];
}

/**
 * What the files say of a registry's repository: the longest path that fits counts, as with podman. Fault `forbidden`
 * where others may read a file that has something.
 */
export async function findCredentials(
  files: readonly string[],
  registry: string,
  repository: string,
): Promise<FoundCredentials> {
  let helper: string | undefined = undefined;
  for (const path of files) {
    const found = await readAuthFile(path);
    if (found === undefined) continue;
    const { json, mode } = found;
    const keys = keysFor(registry, repository);
    const auths = json.optionalObject("auths");
    const entry = keys.map((key) => auths?.optionalObject(key)).find((each) => each !== undefined);
    const credentials = entry === undefined ? undefined : credentialsIn(entry);
    if (credentials !== undefined) {
      if ((mode & OTHERS) === 0) return { credentials, helper: undefined };
      throw new Fault("forbidden", `Cannot use the credentials in ${path}: other users may read the file`, {
        hint: `\`chmod 600 ${path}\` keeps them out.`,
      });
    }
    const named =
      json.optionalObject("credHelpers")?.optionalText(registry) ?? json.optionalText("credsStore");
    helper ??= named === undefined ? undefined : `docker-credential-${named}`;
  }
  return { credentials: undefined, helper };
}

async function readAuthFile(path: string): Promise<{ json: JsonObject; mode: number } | undefined> {
  try {
    await using file = await open(path);
    const { size, mode } = await file.stat();
    if (size > FILE_BYTES_MAX)
      throw new Fault("too-large", `Cannot read ${path}: more than ${FILE_BYTES_MAX} bytes`);
    const content = await file.readFile();
    return content.length === 0 ? undefined : { json: JsonObject.parse(content, path), mode };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

function keysFor(registry: string, repository: string): readonly string[] {
  const components = repository.split("/");
  const paths = components.map(
    (_, index) => `${registry}/${components.slice(0, components.length - index).join("/")}`,
  );
  const hosts = registry === "docker.io" ? HUB_KEYS : [registry, `https://${registry}`, `http://${registry}`];
  return [...paths, ...hosts];
}

function credentialsIn(entry: JsonObject): Credentials | undefined {
  const token = entry.optionalText("identitytoken") ?? "";
  if (token !== "") return { kind: "identity", token };
  const encoded = entry.optionalText("auth") ?? "";
  if (encoded !== "") {
    const decoded = Buffer.from(encoded, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    // Its text is a secret, too: the message says only where.
    if (colon === -1)
      throw new Fault("corrupt", `Cannot read ${entry.where}: "auth" is not user:password in base64`);
    return {
      kind: "password",
      user: decoded.slice(0, colon),
      password: decoded.slice(colon + 1).replace(/\0+$/, ""),
    };
  }
  const user = entry.optionalText("username") ?? "";
  const password = entry.optionalText("password") ?? "";
  return user === "" && password === "" ? undefined : { kind: "password", user, password };
}
