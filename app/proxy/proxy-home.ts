import { link, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseSnapshot, type Snapshot } from "@plinth/connect";
import { Fault, messageOf } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";
import { processIdentity } from "@plinth/process";

/** The kernel's limit for a socket's path, less the terminating zero. */
const SOCKET_PATH_BYTES_MAX = 107;

/** The proxy's files within a home. */
export class ProxyHome {
  readonly directory: string;
  readonly controlSocket: string;
  /** This process's own name for its control socket: `controlSocket` is a second link to the one in charge. */
  readonly ownSocket: string;
  readonly snapshotFile: string;
  readonly processFile: string;

  constructor(home: string) {
    this.directory = join(home, "proxy");
    this.controlSocket = join(this.directory, "control.sock");
    this.ownSocket = join(this.directory, `c${process.pid}`);
    this.snapshotFile = join(this.directory, "snapshot.json");
    this.processFile = join(this.directory, "proxy.json");
  }

  async prepare(): Promise<void> {
    if (Buffer.byteLength(this.controlSocket) > SOCKET_PATH_BYTES_MAX) {
      throw new Fault(
        "invalid",
        `Cannot use ${this.controlSocket}: longer than ${SOCKET_PATH_BYTES_MAX} bytes`,
        {
          hint: "Choose a home with a shorter path.",
        },
      );
    }
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await rm(this.ownSocket, { force: true });
  }

  /** The snapshot that was in force last; undefined when there is none. */
  async loadSnapshot(): Promise<Snapshot | undefined> {
    let text: string;
    try {
      text = await readFile(this.snapshotFile, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return parseSnapshot(JSON.parse(text));
    } catch (error) {
      throw new Fault("corrupt", `Cannot read ${this.snapshotFile}: ${messageOf(error)}`, { cause: error });
    }
  }

  async saveSnapshot(snapshot: Snapshot): Promise<void> {
    await writeFileDurably(this.snapshotFile, JSON.stringify(snapshot));
  }

  /** Makes this process the one behind control.sock, as one step: a caller reaches the old or the new. */
  async publish(): Promise<void> {
    const temporary = `${this.ownSocket}t`;
    await rm(temporary, { force: true });
    await link(this.ownSocket, temporary);
    await rename(temporary, this.controlSocket);
  }

  /** Says who the proxy is, for a daemon that comes back. */
  async writeIdentity(): Promise<void> {
    const identity = processIdentity(process.pid);
    await writeFileDurably(this.processFile, JSON.stringify({ ...identity, runtime: runtimeText() }));
  }

  /** Takes back what this process has published, unless another has taken over. */
  async retire(): Promise<void> {
    if (await this.#isOurs()) {
      await rm(this.controlSocket, { force: true });
      await rm(this.processFile, { force: true });
    }
    await rm(this.ownSocket, { force: true });
  }

  async #isOurs(): Promise<boolean> {
    try {
      return (await stat(this.controlSocket)).ino === (await stat(this.ownSocket)).ino;
    } catch {
      return false;
    }
  }
}

/** The runtime with its version, as it is shown. */
function runtimeText(): string {
  const { bun } = process.versions;
  return bun === undefined ? `node ${process.version}` : `bun v${bun}`;
}

/** The runtime this process runs on. */
export function runtimeName(): "node" | "bun" {
  return process.versions["bun"] === undefined ? "node" : "bun";
}
