import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import type { ProcessIdentity } from "@plinth/process";
import type { CgroupPlan } from "../cgroup/plan.ts";
import type { OciConfig } from "../config.ts";

/** What is known of one container, for whoever comes later; written whole, by rename. */
export interface ContainerRecord {
  readonly id: string;
  /** Never used twice. */
  readonly mark: string;
  /** Absolute. */
  readonly bundle: string;
  /** Absolute. */
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  /** Who makes it, until it is made. */
  readonly creator: ProcessIdentity;
  /** Its first process; null until there is one. */
  readonly main: ProcessIdentity | null;
  readonly cgroup: CgroupPlan;
  /** As it was when the container was made: bundles may change or go. */
  readonly config: OciConfig;
}

const RECORD_FILE = "state.json";
/** As long as names of files, less what is appended to them. */
const ID_BYTES_MAX = 240;

/** Fault "invalid" for names that could lead elsewhere. The texts are those of runc: clients look at them. */
function checkId(id: string): void {
  if (id === "") throw new Fault("invalid", "container id cannot be empty");
  if (!/^[\w+.-]+$/.test(id) || id === "." || id === ".." || Buffer.byteLength(id) > ID_BYTES_MAX)
    throw new Fault("invalid", "invalid container ID format");
}

/** Where containers are recorded: a directory with one of their own for each. */
export class ContainerDirectory {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  pathOf(id: string): string {
    checkId(id);
    return join(this.root, id);
  }

  /** Makes the directory of a container that is to be. Fault "conflict" when there is one. */
  claim(id: string): string {
    const path = this.pathOf(id);
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Fault("conflict", "container with given ID already exists", { cause: error });
    }
    return path;
  }

  write(record: ContainerRecord): void {
    const directory = this.pathOf(record.id);
    const temporary = join(directory, `${RECORD_FILE}.new`);
    writeFileSync(temporary, toJson(record), { mode: 0o600 });
    renameSync(temporary, join(directory, RECORD_FILE));
  }

  /** Fault "not-found" when there is no such container, "corrupt" when its record cannot be read. */
  read(id: string): ContainerRecord {
    const path = join(this.pathOf(id), RECORD_FILE);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new Fault("not-found", "container does not exist", { cause: error });
    }
    try {
      return fromJson(text) as ContainerRecord;
    } catch (error) {
      throw new Fault("corrupt", `Cannot read ${path}: not JSON`, { cause: error });
    }
  }

  /** Whether there is anything of a container, were it but a directory that its creator left half made. */
  has(id: string): boolean {
    return existsSync(this.pathOf(id));
  }

  /** All containers with a record, by id. */
  list(): ContainerRecord[] {
    return this.#names().flatMap((id) => {
      try {
        return [this.read(id)];
      } catch (error) {
        // Claimed just now, or gone just now.
        if (error instanceof Fault && error.code === "not-found") return [];
        throw error;
      }
    });
  }

  /** Who made it. */
  ownerOf(id: string): number {
    return statSync(this.pathOf(id)).uid;
  }

  remove(id: string): void {
    rmSync(this.pathOf(id), { recursive: true, force: true });
  }

  #names(): string[] {
    try {
      return readdirSync(this.root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

/** JSON whose integers keep all their digits. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_name, each: unknown) => (typeof each === "bigint" ? rawJson(`${each}`) : each),
    indent,
  );
}

function fromJson(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

// The compiler's library does not know it yet.
const rawJson = (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON;
