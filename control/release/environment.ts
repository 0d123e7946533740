import { dirname } from "node:path";
import type { ServiceSpec } from "@plinth/resource";

/** What an instance inherits of the daemon's environment: who and where it is, never what Plinth was told. */
export const INHERITED: readonly string[] = [
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
];
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface EnvironmentInputs {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly release: number;
  readonly spec: ServiceSpec;
  readonly port: number;
  /** What it shall listen on. */
  readonly host: string;
  /** The URL of each called service, by its name; of a store without its password. */
  readonly callees: Readonly<Record<string, string>>;
  readonly reveal: (secret: string) => string;
  /** The daemon's own environment. */
  readonly inherited: NodeJS.ProcessEnv;
  /** The pinned runtime, put first in PATH so that `node` means the same everywhere. */
  readonly runtime: string;
}

/** The whole environment of an instance. Secrets stand here and nowhere else. */
export function instanceEnvironment(inputs: EnvironmentInputs): Record<string, string> {
  const { spec } = inputs;
  const env: Record<string, string> = spec.image === undefined ? ofMachine(inputs) : {};
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    env[name] = typeof value === "string" ? withPlaces(value, inputs) : inputs.reveal(value.secret);
  }
  // What Plinth says comes last: an app's own idea of PORT would make it unreachable.
  env["PORT"] = String(inputs.port);
  env["HOST"] = inputs.host;
  env["PLINTH_APP"] = inputs.app;
  env["PLINTH_SERVICE"] = inputs.service;
  env["PLINTH_RELEASE"] = String(inputs.release);
  for (const [callee, url] of Object.entries(inputs.callees)) {
    const prefix = `PLINTH_${callee.toUpperCase().replaceAll("-", "_")}`;
    const { hostname, port, protocol } = new URL(url);
    const password = env[`${prefix}_PASSWORD`];
    env[`${prefix}_URL`] =
      protocol === STORE_PROTOCOL && password !== undefined
        ? url.replace("//", `//${STORE_USER}:${encodeURIComponent(password)}@`)
        : url;
    env[`${prefix}_HOST`] = hostname;
    env[`${prefix}_PORT`] = port === "" ? HTTP_PORT : port;
  }
  return env;
}

/** Of the machine a command runs on; an image brings what fits its own system. */
function ofMachine({ inherited, runtime }: EnvironmentInputs): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = inherited[name];
    if (value !== undefined) env[name] = value;
  }
  env["PATH"] = `${dirname(runtime)}:${inherited["PATH"] ?? DEFAULT_PATH}`;
  return env;
}

/** As whom an app uses its store. */
export const STORE_USER = "root";
const STORE_PROTOCOL = "etcd:";
const HTTP_PORT = "80";
export const LOOPBACK = "127.0.0.1";

/** What a text of a spec may name. */
export interface Places {
  readonly port: number;
  readonly host: string;
  /** Of a store: where its data are, and Plinth's own program. */
  readonly store?: { readonly data: string; readonly program: string };
}

/** Replaces ${PORT} and ${HOST}, for a store ${DATA} and ${PLINTH}; nothing else is expanded, so that no value can turn into syntax. */
export function withPlaces(text: string, { port, host, store }: Places): string {
  const placed = text.replaceAll("${PORT}", String(port)).replaceAll("${HOST}", host);
  if (store === undefined) return placed;
  return placed.replaceAll("${DATA}", store.data).replaceAll("${PLINTH}", store.program);
}
