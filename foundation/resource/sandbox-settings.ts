import type { ServiceSpec } from "./kinds.ts";
import { parseSizeBytes } from "./quantity.ts";

/** Something that a service sees at a path of its own and that outlives its instances. */
export type VolumeSettings = {
  /** Where the service sees it; absolute. */
  readonly target: string;
  readonly readOnly: boolean;
} & (
  | /** A volume of the app. */ { readonly name: string }
  | /** A file or folder of the host; absolute by now. */ { readonly path: string }
);

/** What separates a service from the machine, with every default filled in. */
export interface SandboxSettings {
  /** The whole system it sees: an image's by its manifest's digest, or a read-only view of the machine's own. */
  readonly system: "host" | { readonly image: string };
  /** In place of the image's; undefined is the image's own. */
  readonly entrypoint: readonly string[] | undefined;
  readonly workdir: string | undefined;
  /** "name" or "uid", either with ":group". */
  readonly user: string | undefined;
  readonly volumes: readonly VolumeSettings[];
  readonly tmpfs: readonly { readonly target: string; readonly bytes: number }[];
  readonly readOnlyRootfs: boolean;
  /** Without "CAP_", in the order given; "ALL" stands for every one. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  /** Path of a profile; "default" is Docker's. */
  readonly seccomp: "default" | "unconfined" | { readonly profile: string };
  readonly apparmor: string | undefined;
  /** "plinth", "crun" or the path of a crun. */
  readonly runtime: string;
}

/** Undefined for a service that runs as a plain process, and for an image whose digest is not known. */
export function sandboxSettings(spec: ServiceSpec): SandboxSettings | undefined {
  const system = systemOf(spec);
  if (system === undefined) return undefined;
  const { add = [], drop = [] } = spec.capabilities ?? {};
  const plain = (names: readonly string[]): string[] => names.map((name) => name.replace(/^CAP_/, ""));
  return {
    system,
    entrypoint: spec.entrypoint,
    workdir: spec.workdir,
    user: spec.user,
    volumes: volumesOf(spec),
    tmpfs: Object.entries(spec.tmpfs ?? {}).map(([target, size]) => ({
      target,
      bytes: parseSizeBytes(size),
    })),
    readOnlyRootfs: system === "host" || (spec.readOnlyRootfs ?? false),
    capabilities: { add: plain(add), drop: plain(drop) },
    seccomp:
      spec.seccomp === undefined
        ? "default"
        : spec.seccomp === "unconfined"
          ? "unconfined"
          : { profile: spec.seccomp },
    apparmor: spec.apparmor,
    runtime: spec.runtime ?? "plinth",
  };
}

function systemOf({ image, imageDigest, isolate }: ServiceSpec): SandboxSettings["system"] | undefined {
  if (isolate === true) return "host";
  return image === undefined || imageDigest === undefined ? undefined : { image: imageDigest };
}

/** The volumes of a spec; those named by a path as they stand there. */
export function volumesOf({ volumes = {} }: Pick<ServiceSpec, "volumes">): VolumeSettings[] {
  return Object.entries(volumes).map(([from, to]) => {
    const readOnly = to.endsWith(":ro");
    const target = to.replace(/:(ro|rw)$/, "");
    return isPath(from) ? { path: from, target, readOnly } : { name: from, target, readOnly };
  });
}

/** Whether a key of `volumes` is a path of the host; else it names a volume of the app. */
export function isPath(key: string): boolean {
  return key.startsWith("/") || key.startsWith(".");
}
