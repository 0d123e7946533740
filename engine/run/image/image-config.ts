import { Fault } from "@plinth/fault";
import { type Digest, parseDigest } from "./digest.ts";
import { JsonObject } from "./json.ts";
import type { Platform } from "./manifest.ts";

/** What an image says of how it is run; by the OCI image specification, and Docker's healthcheck. */
export interface ImageConfig {
  readonly platform: Platform;
  readonly entrypoint: readonly string[];
  /** Arguments of the entrypoint, or the command where there is none ("Cmd"). */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; "/" where the image names none. */
  readonly workingDirectory: string;
  /** As written: a name or a number, and perhaps ":" and a group; "" is root. `resolveUser` makes numbers of it. */
  readonly user: string;
  readonly exposedPorts: readonly ExposedPort[];
  /** Paths the image expects to be on a volume. */
  readonly volumes: readonly string[];
  /** Such as "SIGQUIT". */
  readonly stopSignal: string | undefined;
  readonly healthcheck: Healthcheck | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339, as written. */
  readonly created: string | undefined;
  /** Digests of the layers' tar files, uncompressed, lowest first. */
  readonly diffIds: readonly Digest[];
}

export interface ExposedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

/** Times undefined where the image leaves them to its runtime. */
export interface Healthcheck {
  /** Undefined: the image switches off what its base had. */
  readonly command: readonly string[] | undefined;
  /** `command` is one line for the image's /bin/sh. */
  readonly isShell: boolean;
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly startPeriodMs: number | undefined;
  readonly startIntervalMs: number | undefined;
  readonly retries: number | undefined;
}

const NANOSECONDS_PER_MS = 1_000_000;
const protocols: readonly ExposedPort["protocol"][] = ["tcp", "udp", "sctp"];

/** Reads an image's config blob. Fault `corrupt` where it is none, `unsupported` where it is not for Linux. */
export function parseImageConfig(content: Uint8Array, where: string): ImageConfig {
  const json = JsonObject.parse(content, where);
  const os = json.text("os");
  if (os !== "linux") throw new Fault("unsupported", `Cannot use ${where}: it is for ${os}, not for linux`);
  const rootfs = json.object("rootfs");
  const kind = rootfs.text("type");
  if (kind !== "layers")
    throw new Fault("unsupported", `Cannot use ${where}: its rootfs is of type "${kind}"`);
  const config = json.optionalObject("config") ?? JsonObject.of({}, `"config" of ${where}`);
  return {
    platform: {
      os,
      architecture: json.text("architecture"),
      variant: json.optionalText("variant"),
    },
    entrypoint: config.texts("Entrypoint"),
    command: config.texts("Cmd"),
    env: environmentOf(config),
    workingDirectory: directoryOf(config),
    user: noZero(config.optionalText("User") ?? "", "User", where),
    exposedPorts: config.keys("ExposedPorts").map((text) => portOf(text, where)),
    volumes: config.keys("Volumes"),
    stopSignal: config.optionalText("StopSignal") || undefined,
    healthcheck: healthcheckOf(config.optionalObject("Healthcheck")),
    labels: config.textMap("Labels"),
    created: json.optionalText("created"),
    diffIds: rootfs.texts("diff_ids").map((text) => parseDigest(text, where)),
  };
}

/** "NAME=VALUE" each; what has no "=" is an empty variable, as Docker takes it. The last of a name counts. */
function environmentOf(config: JsonObject): Readonly<Record<string, string>> {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const entry of config.texts("Env")) {
    const equals = entry.indexOf("=");
    const name = equals === -1 ? entry : entry.slice(0, equals);
    if (name === "") throw new Fault("corrupt", `Cannot read ${config.where}: a variable has no name`);
    env[name] = noZero(equals === -1 ? "" : entry.slice(equals + 1), name, config.where);
  }
  return { ...env };
}

function directoryOf(config: JsonObject): string {
  const directory = noZero(config.optionalText("WorkingDir") ?? "", "WorkingDir", config.where);
  return directory.startsWith("/") ? directory : `/${directory}`;
}

function noZero(text: string, name: string, where: string): string {
  if (text.includes("\0")) throw new Fault("corrupt", `Cannot read ${where}: "${name}" holds a zero byte`);
  return text;
}

function portOf(text: string, where: string): ExposedPort {
  const [digits = "", name = "tcp"] = text.split("/");
  const port = Number(digits);
  const protocol = protocols.find((each) => each === name);
  if (!/^\d{1,5}$/.test(digits) || port < 1 || port > 65_535 || protocol === undefined) {
    throw new Fault("corrupt", `Cannot read ${where}: ${JSON.stringify(text)} is no port`);
  }
  return { port, protocol };
}

function healthcheckOf(json: JsonObject | undefined): Healthcheck | undefined {
  if (json === undefined) return undefined;
  const [kind, ...words] = json.texts("Test");
  if (kind === undefined) return undefined; // the base image's counts, and it is written here when there is one
  if (kind !== "NONE" && kind !== "CMD" && kind !== "CMD-SHELL") {
    throw new Fault("corrupt", `Cannot read ${json.where}: ${JSON.stringify(kind)} is no way to check`);
  }
  const ms = (name: string): number | undefined => {
    const nanoseconds = json.optionalNumber(name) ?? 0;
    return nanoseconds > 0 ? nanoseconds / NANOSECONDS_PER_MS : undefined;
  };
  return {
    command: kind === "NONE" || words.length === 0 ? undefined : words,
    isShell: kind === "CMD-SHELL",
    intervalMs: ms("Interval"),
    timeoutMs: ms("Timeout"),
    startPeriodMs: ms("StartPeriod"),
    startIntervalMs: ms("StartInterval"),
    retries: json.optionalNumber("Retries") || undefined,
  };
}
