import { Fault } from "@plinth/fault";
import type { TarEntry } from "./tar.ts";

/** What a backup begins with; a reader that does not know it leaves the file alone. */
export const FORMAT = "plinth-backup/1";

/** Of that name, in later versions, too. */
export const FORMAT_BYTES_MAX: number = 64;

export const names = {
  format: "format",
  state: "state.snapshot",
  settings: "settings.json",
  keys: "keys/",
  sources: "sources/",
  stores: "stores/",
  manifest: "manifest.json",
  manifestDigest: "manifest.sha256",
} as const;

/** Of the parts of some hundred releases, each of the most files that a kept source has. */
export const MANIFEST_BYTES_MAX: number = 256 * 2 ** 20;
/** An extended header: two paths, each as long as Linux has them. */
export const EXTENDED_BYTES_MAX: number = 16 * 2 ** 10;
const NAME_BYTES_MAX = 4096;

/** A part with what it holds. */
export interface Part extends TarEntry {
  /** Of a file: SHA-256 in hexadecimal; else empty. */
  readonly sha256: string;
}

export interface Manifest {
  readonly format: typeof FORMAT;
  /** Of the Plinth that wrote it. */
  readonly version: string;
  readonly createdAt: string;
  /** The home's path then: kept sources are named by it. */
  readonly home: string;
  /** Stores that were left out on request, as "APP/STORE". */
  readonly without: readonly string[];
  /** In the order of the file, but the format before them and this behind them. */
  readonly parts: readonly Part[];
}

const KEPT = /^sources\/[0-9a-f]{64}(\/|$)/;
const FILE =
  /^(format|state\.snapshot|settings\.json|manifest\.(json|sha256)|keys\/[a-z]+\.(key|json)|stores\/[a-z0-9-]+\/[a-z0-9-]+\.snapshot)$/;

/** All that a mode may say: nothing runs as somebody else because a backup says so. */
const MODE_MAX = 0o777;

/** Refuses what is no part of a backup: no name can leave the home. */
export function checkEntry({ name, type, mode }: TarEntry): void {
  const segments = name.split("/");
  const leaves = segments.some((segment) => segment === "" || segment === "." || segment === "..");
  const known = KEPT.test(name) || (type === "file" && FILE.test(name));
  if (leaves || !known || name.includes("\0") || Buffer.byteLength(name) > NAME_BYTES_MAX) {
    throw new Fault("corrupt", `${JSON.stringify(name.slice(0, 200))} has no place in a backup`);
  }
  if (mode > MODE_MAX) throw new Fault("corrupt", `"${name}" has mode ${mode.toString(8)}`);
}

export function parseManifest(bytes: Buffer): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(bytes.toString()) as Partial<Manifest>;
  } catch (error) {
    throw new Fault("corrupt", "its manifest is not JSON", { cause: error });
  }
  if (manifest.format !== FORMAT || typeof manifest.home !== "string" || !Array.isArray(manifest.parts)) {
    throw new Fault("corrupt", "its manifest is not one of this version");
  }
  return manifest as Manifest;
}

/** The app and the store whose snapshot a part is. */
export function storeOf({
  name,
}: Pick<Part, "name">): { readonly app: string; readonly store: string } | undefined {
  const match = /^stores\/([^/]+)\/([^/]+)\.snapshot$/.exec(name);
  return match === null ? undefined : { app: match[1]!, store: match[2]! };
}
