import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { text } from "node:stream/consumers";
import { type Init, openInit } from "../init/init-file.ts";
import type { Mount, OciConfig, Process } from "../oci/config.ts";
import type { Container, ContainerExit, CreateOptions } from "./container.ts";
import { createContainer } from "./create.ts";

/** Says why, and skips, where containers of root cannot be made. */
export function skipUnlessRoot(context: TestContext): boolean {
  if (process.geteuid?.() === 0) return false;
  context.skip("only root may make these containers");
  return true;
}

/** For tests: containers on this machine's own programs, read-only, below an own directory. */
export class TestBox implements Disposable {
  readonly directory: string;
  readonly root: string;
  readonly stateDirectory: string;
  readonly init: Init;
  readonly #systemMounts: readonly Mount[];
  #starts = 0;

  private constructor(directory: string, init: Init) {
    this.directory = directory;
    this.root = join(directory, "root");
    this.stateDirectory = join(directory, "state");
    this.init = init;
    mkdirSync(this.root);
    mkdirSync(this.stateDirectory);
    this.#systemMounts = showSystem(this.root);
  }

  static async open(): Promise<TestBox> {
    const directory = mkdtempSync(join(tmpdir(), "plinth-box-"));
    return new TestBox(directory, await openInit(directory));
  }

  [Symbol.dispose](): void {
    this.init[Symbol.dispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Runs `script` with a shell. */
  config(script: string, changes: Changes = {}): OciConfig {
    const { process: processChanges, linux, ...others } = changes;
    return {
      ociVersion: "1.2.0",
      root: { path: "root" },
      mounts: [...this.#systemMounts, ...KERNEL_MOUNTS, ...(changes.extraMounts ?? [])],
      ...others,
      process: {
        cwd: "/",
        args: ["/bin/sh", "-c", script],
        env: ["PATH=/usr/bin:/bin", `BOX=${MARK}`],
        noNewPrivileges: true,
        user: { uid: 0, gid: 0 },
        ...processChanges,
      },
      linux: { namespaces: NAMESPACES.map((type) => ({ type })), ...linux },
    };
  }

  options(config: OciConfig, more: Partial<CreateOptions> = {}): CreateOptions {
    this.#starts += 1;
    return {
      id: "box",
      init: this.init,
      config,
      bundle: this.directory,
      stateDirectory: this.stateDirectory,
      mark: `${MARK}-${this.#starts}`,
      stdio: ["ignore", "pipe", "pipe"],
      ...more,
    };
  }

  create(script: string, changes?: Changes, more?: Partial<CreateOptions>): Promise<Container> {
    return createContainer(this.options(this.config(script, changes), more));
  }

  /** Creates, starts, and waits for the end. */
  async run(script: string, changes?: Changes, more?: Partial<CreateOptions>): Promise<Ran> {
    using container = await this.create(script, changes, more);
    const written = Promise.all([text(container.stdout!), text(container.stderr!)]);
    await container.start();
    const exit = await container.wait();
    const [output, errors] = await written;
    return { ...exit, output, errors };
  }
}

export interface Changes extends Omit<Partial<OciConfig>, "process"> {
  readonly process?: Partial<Process>;
  readonly extraMounts?: readonly Mount[];
}

export interface Ran extends ContainerExit {
  readonly output: string;
  readonly errors: string;
}

/** In the environment of all that these tests start. */
const MARK = `box-${process.pid}`;

export const NAMESPACES = ["pid", "network", "ipc", "uts", "mount"] as const;

const KERNEL_MOUNTS: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=64k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
];

/** Programs and libraries; links stay links. */
function showSystem(root: string): Mount[] {
  const mounts: Mount[] = [];
  for (const name of ["usr", "bin", "sbin", "lib", "lib64"]) {
    const path = `/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() === true) symlinkSync(readlinkSync(path), join(root, name));
    else if (stat !== undefined)
      mounts.push({ destination: path, type: "bind", source: path, options: ["rbind", "ro"] });
  }
  return mounts;
}

/** What a test that leaves nothing behind finds the same afterwards. */
export function leftovers(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes("plinth-box-"));
  const descriptors = readdirSync("/proc/self/fd").length;
  const processes = readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(MARK),
  );
  return [...mounts, `${descriptors} descriptors`, `${processes.length} processes`];
}

function environmentOf(pid: string): string {
  try {
    return pid === String(process.pid) ? "" : readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
