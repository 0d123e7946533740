import type { ServiceSpec } from "@plinth/resource";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { checkKeys, namesText } from "./keys.ts";
import { type Part, child, isMap } from "./part.ts";
import { absolutePath, configPath } from "./paths.ts";
import { plinthName } from "./plinth-name.ts";
import { sizeText } from "./quantities.ts";
import {
  FILE_MOUNT_KEYS,
  FILE_OBJECT_KEYS,
  MOUNT_BIND_KEYS,
  MOUNT_KEYS,
  MOUNT_TMPFS_KEYS,
  MOUNT_VOLUME_KEYS,
} from "./service-keys.ts";
import { sizeIn } from "./service-resources.ts";
import type { ComposeService, Translating } from "./translated.ts";

/** Docker's has no bound; Plinth's must have one, and what is not used takes no memory. */
const TMPFS_BYTES = 64 * 2 ** 20;
const SHM = "/dev/shm";
/** What a short entry may say behind its second colon. */
const MODES = /^(ro|rw|z|Z|cached|delegated|consistent|nocopy|r?(private|shared|slave))$/;

interface Mount {
  readonly kind: "volume" | "bind";
  /** Empty for a volume without a name. */
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  /** Whether a folder that is not there is made. */
  readonly isMade: boolean;
}

/** `volumes`, `tmpfs`, `shm_size`, and the files of `secrets` and `configs`. */
export function volumesOf(service: ComposeService, context: Translating): Partial<ServiceSpec> {
  const { part } = service;
  const { notes, values } = context;
  const volumes: Record<string, string> = {};
  const tmpfs: Record<string, string> = {};
  const put = (from: string, target: string, isReadOnly: boolean, at: Part): void => {
    if (Object.hasOwn(volumes, from)) {
      const instead = "keep what the two places hold in two volumes, or mount a folder above both";
      notes.refused(at, `${from} would stand at two places of one service`, instead);
    } else volumes[from] = isReadOnly ? `${target}:ro` : target;
  };
  for (const each of values.list(child(part, "volumes"))) {
    const kind = isMap(each) ? (values.text(child(each, "type")) ?? "volume") : "";
    if (kind === "tmpfs") addTmpfs(each);
    else {
      const mount = kind === "" ? shortMount(each, context) : longMount(each, kind, context);
      if (mount !== undefined)
        put(sourceOf(mount, each, service, context), mount.target, mount.isReadOnly, each);
    }
  }
  for (const each of values.oneOrMore(child(part, "tmpfs"))) shortTmpfs(each);
  const shm = child(part, "shm_size");
  const shmBytes = sizeIn(shm, context);
  if (shmBytes !== undefined) tmpfs[SHM] = sizeText(shmBytes);
  for (const section of ["secrets", "configs"] as const) {
    for (const each of values.list(child(part, section))) addFile(each, section, context, put);
  }
  return {
    ...(Object.keys(volumes).length > 0 && { volumes }),
    ...(Object.keys(tmpfs).length > 0 && { tmpfs }),
  };

  function addTmpfs(entry: Part): void {
    checkKeys(entry, MOUNT_KEYS, notes, values);
    const settings = child(entry, "tmpfs");
    checkKeys(settings, MOUNT_TMPFS_KEYS, notes, values);
    const target = values.text(child(entry, "target"), "where it stands");
    if (target === undefined) notes.wrong(entry, "a `target`");
    else tmpfs[target] = bounded(sizeIn(child(settings, "size"), context), entry);
  }

  function shortTmpfs(entry: Part): void {
    const text = values.text(entry, "a path");
    if (text === undefined) return;
    const [target = "", options = ""] = text.split(":");
    let bytes: number | undefined;
    for (const option of options.split(",")) {
      const [name, value = ""] = option.split("=");
      if (name === "size") bytes = sizeIn({ ...entry, value }, context);
      else if (name === "exec" || name === "uid" || name === "gid")
        notes.ignored(entry, `the option ${name} of a tmpfs is not set`);
    }
    tmpfs[target] = bounded(bytes, entry);
  }

  function bounded(bytes: number | undefined, entry: Part): string {
    if (bytes !== undefined && bytes > 0) return sizeText(bytes);
    const instead = "say its size, such as /run:size=256m";
    notes.ignored(
      entry,
      `a folder in memory holds at most ${sizeText(TMPFS_BYTES)} where nothing is said`,
      instead,
    );
    return sizeText(TMPFS_BYTES);
  }
}

function shortMount(part: Part, { notes, values }: Translating): Mount | undefined {
  const text = values.text(part, "a volume");
  if (text === undefined) return undefined;
  const words = text.split(":");
  const target = words[words.length === 1 ? 0 : 1]!;
  const modes = (words[2] ?? "").split(",").filter((mode) => mode !== "");
  const strange = modes.find((mode) => !MODES.test(mode));
  if (words.length > 3 || !target.startsWith("/") || words[0] === "" || strange !== undefined) {
    notes.wrong(part, "such as data:/data, ./site:/www:ro or /var/cache");
    return undefined;
  }
  const source = words.length === 1 ? "" : words[0]!;
  return {
    kind: /^[./~]/.test(source) ? "bind" : "volume",
    source,
    target,
    isReadOnly: modes.includes("ro"),
    isMade: true,
  };
}

function longMount(part: Part, kind: string, { notes, values }: Translating): Mount | undefined {
  checkKeys(part, MOUNT_KEYS, notes, values);
  checkKeys(child(part, "bind"), MOUNT_BIND_KEYS, notes, values);
  checkKeys(child(part, "volume"), MOUNT_VOLUME_KEYS, notes, values);
  const source = values.text(child(part, "source")) ?? "";
  const target = values.text(child(part, "target"));
  if (kind !== "bind" && kind !== "volume") {
    notes.refused(
      part,
      `there is no mount of type ${kind}`,
      "use a volume, a folder of the machine, or a tmpfs",
    );
    return undefined;
  }
  if (target === undefined || (kind === "bind" && source === "")) {
    notes.wrong(part, kind === "bind" ? "`source` and `target`" : "a `target`");
    return undefined;
  }
  return {
    kind,
    source,
    target,
    isReadOnly: values.flag(child(part, "read_only")) ?? false,
    isMade: values.flag(child(child(part, "bind"), "create_host_path")) ?? true,
  };
}

/** As a key of Plinth's `volumes`. */
function sourceOf(mount: Mount, part: Part, service: ComposeService, context: Translating): string {
  const { notes, values, root, folders, directory } = context;
  if (mount.kind === "bind") {
    const path = absolutePath(mount.source, part);
    if (!existsSync(path)) {
      if (mount.isMade) {
        folders.add(path);
        notes.ignored(part, `there is no ${mount.source}; an empty folder is made there, as Compose does`);
      } else notes.refused(part, `there is no "${path}"`, "make it, or allow `create_host_path`");
    }
    return configPath(mount.source, part, directory);
  }
  if (mount.source === "") return plinthName(`${service.name}${posix.normalize(mount.target)}`);
  const declared = values.map(child(root, "volumes"));
  if (!declared.has(mount.source)) notes.unknown(part, "volume", mount.source, declared.keys());
  return plinthName(mount.source);
}

/** Volumes that would become one because Plinth's names say less. */
export function checkVolumeNames({ root, notes, values }: Translating): void {
  const taken = new Map<string, string>();
  for (const [key, part] of values.map(child(root, "volumes"))) {
    const name = plinthName(key);
    const other = taken.get(name);
    if (other === undefined) taken.set(name, key);
    else notes.refused(part, `${namesText([other, key])} are both ${name} in Plinth's letters`, "rename one");
  }
}

type Section = "secrets" | "configs";
type Put = (from: string, target: string, isReadOnly: boolean, at: Part) => void;

function addFile(part: Part, section: Section, context: Translating, put: Put): void {
  const { notes, values, root, directory } = context;
  if (isMap(part)) checkKeys(part, FILE_MOUNT_KEYS, notes, values);
  const name = values.text(isMap(part) ? child(part, "source") : part, "a name");
  if (name === undefined) return;
  const declared = values.map(child(root, section));
  const object = declared.get(name);
  if (object === undefined) return notes.unknown(part, section.slice(0, -1), name, declared.keys());
  const given = child(object, "file");
  const file = values.text(given, "a file's name");
  if (given === undefined || file === undefined) return; // said where it is declared
  if (!existsSync(absolutePath(file, given)))
    notes.refused(given, `there is no file ${JSON.stringify(file)}`);
  const target = values.text(child(part, "target")) ?? (section === "secrets" ? name : `/${name}`);
  put(
    configPath(file, given, directory),
    target.startsWith("/") ? target : `/run/secrets/${target}`,
    true,
    part,
  );
}

/** What top-level secrets and configs say beside files. */
export function checkFileObjects({ root, notes, values }: Translating): void {
  for (const section of ["secrets", "configs"] as const) {
    for (const [name, part] of values.map(child(root, section))) {
      checkKeys(part, FILE_OBJECT_KEYS, notes, values);
      if (child(part, "file") !== undefined) continue;
      const env = `\`plinth secrets set ${plinthName(name)}\` keeps it, env: { NAME: { secret: ${plinthName(name)} } } hands it over`;
      const instead = section === "secrets" ? env : "write it into a file, and name it with `file`";
      const kind = ["environment", "content", "external"].find((key) => child(part, key) !== undefined);
      notes.refused(
        child(part, kind ?? "") ?? part,
        `only a file can stand in a container as one of its ${section}`,
        instead,
      );
    }
  }
}
