import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { Fault } from "@plinth/fault";
import { processIdentity } from "@plinth/process";
import * as kernel from "../container/kernel.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import type { Init } from "./init-file.ts";
import { describeErrno, launch, type Launched, unexpectedEnd } from "./launch.ts";
import { type EncodedProgram, encodeProgram } from "./program.ts";
import { type InitEnd, RunningInit } from "./running-init.ts";
import { spawnerProgram } from "./spawner-program.ts";

/** Requests that may wait for a process: the kernel's queue of them is not endless, and a fork each is work for all. */
const REQUESTS_MAX = 64;

/** A spawner that is killed between request and answer is replaced; one that always is, is not to blame. */
const TRIES_MAX = 3;

/** An init whose parent is a spawner: it has its standard streams, nothing three times. */
export class Spawned extends RunningInit {
  readonly ended: Promise<InitEnd | undefined>;
  readonly stdin: null = null;
  readonly stdout: null = null;
  readonly stderr: null = null;
  #pid = 0;

  constructor(socket: Socket, program: EncodedProgram) {
    super(socket, program);
    this.ended = this.over.then(() => undefined);
  }

  get pid(): number {
    return this.#pid;
  }

  /** Whether there is a process that walks the table. Undefined: it was never begun, and never will be. */
  async begun(): Promise<this | undefined> {
    const report = await this.next();
    if (report?.kind === "began") {
      this.#pid = report.value;
      return this;
    }
    this.close();
    if (report?.kind === "refused")
      throw new Fault("unavailable", `Cannot start the init: ${describeErrno(report.value)}`);
    return undefined;
  }

  /** The table was handed over, or nobody is there to take it. */
  handedOver(): Promise<void> {
    return this.written;
  }

  kill(): void {
    // While the connection stands, so does its number.
    if (this.isOver) return;
    try {
      process.kill(this.#pid, "SIGKILL");
    } catch {
      // It ended just now.
    }
  }

  async abandon(): Promise<void> {
    this.kill();
    // Its end of the connection tells; ours is open yet.
    await this.over;
  }

  unref(): void {
    this.socket.unref();
  }
}

/** A running spawner, and its socket, which has no name any more. */
class Door {
  readonly #launched: Launched;
  readonly #socket: number;
  #isShut = false;

  constructor(launched: Launched, socket: number) {
    this.#launched = launched;
    this.#socket = socket;
    launched.unref();
    launched.ended.then(() => this.shut()).catch(() => this.shut());
  }

  get isShut(): boolean {
    return this.#isShut;
  }

  connect(): Socket {
    return connect(`/proc/self/fd/${this.#socket}`);
  }

  /** What it made runs on. */
  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    closeSync(this.#socket);
    this.#launched.close();
  }
}

/**
 * Starts inits by a small process that forks them: a fork of Node itself copies the page tables of its hundreds of
 * megabytes, three milliseconds in which nothing else of it goes on. Each init is reached over a connection of its own,
 * which does what the socket of a child does: the table, the reports, and the end of whoever hangs up. Descriptors
 * cannot be handed over; what wants some is launched.
 */
export class Spawner implements Disposable {
  readonly #init: Init;
  readonly #directory: string;
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  #door: Promise<Door> | undefined;
  #isDisposed = false;

  /** `directory`: there already, where nobody else may look, for a moment's name of its socket. */
  constructor(init: Init, directory: string) {
    this.#init = init;
    this.#directory = directory;
  }

  /** Resolves once the init is there. Fault `unavailable` when there can be none. */
  async spawn(program: EncodedProgram): Promise<Spawned> {
    await this.#turn();
    try {
      for (let tries = 1; ; tries += 1) {
        const door = await this.#opened();
        const spawned = new Spawned(door.connect(), program);
        const begun = await spawned.begun();
        if (begun !== undefined) {
          void begun.handedOver().then(() => program.release());
          return begun;
        }
        // Nothing was done. What else waits for this spawner comes to the same, and to another one.
        door.shut();
        if (tries === TRIES_MAX)
          throw new Fault("unavailable", "Cannot start the init: its spawner ends again and again");
      }
    } finally {
      this.#requests -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The spawner ends; what it made runs on. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    void this.#door?.then((door) => door.shut()).catch(() => {});
    this.#door = undefined;
  }

  async #turn(): Promise<void> {
    while (this.#requests >= REQUESTS_MAX) await new Promise<void>((go) => void this.#waiting.push(go));
    this.#requests += 1;
  }

  async #opened(): Promise<Door> {
    for (;;) {
      if (this.#isDisposed) throw new Fault("unavailable", "Cannot start the init: its spawner has ended");
      const opening = (this.#door ??= openDoor(this.#init, this.#directory));
      const door = await opening.catch((error: unknown) => {
        this.#forget(opening);
        throw error;
      });
      if (!door.isShut) return door;
      this.#forget(opening);
    }
  }

  #forget(opening: Promise<Door>): void {
    if (this.#door === opening) this.#door = undefined;
  }
}

const SOCKET_PREFIX = "spawner-";

async function openDoor(init: Init, directory: string): Promise<Door> {
  removeLeftNames(directory);
  const what = "start what starts inits";
  const socketName = `${SOCKET_PREFIX}${process.pid}-${randomBytes(8).toString("hex")}`;
  const plan = { directory: resolve(directory), socketName };
  const launched = await launch({ init, program: encodeProgram(spawnerProgram(plan), hostArchitecture()) });
  try {
    const report = await launched.next();
    if (report?.kind === "failed")
      throw new Fault("unavailable", `Cannot ${what}: ${report.step.words}: ${describeErrno(report.errno)}`);
    if (report?.kind !== "waiting") throw unexpectedEnd(what, await launched.ended);
    const socket = openSync(join(directory, socketName), kernel.O_PATH);
    launched.answer();
    return new Door(launched, socket);
  } catch (error) {
    launched.close();
    await launched.ended;
    rmSync(join(directory, socketName), { force: true });
    throw error;
  }
}

/** Of those that were killed, and their spawners with them, before these could take their names away. */
function removeLeftNames(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, pid] = new RegExp(`^${SOCKET_PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && processIdentity(Number(pid)) === undefined)
      rmSync(join(directory, name), { force: true });
  }
}
