import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import { Fault, messageOf } from "@plinth/fault";
import type { Init } from "./init-file.ts";
import { NO_TABLE_CODE, REPORT_FD } from "./layout.ts";
import type { EncodedProgram } from "./program.ts";
import { type InitEnd, RunningInit } from "./running-init.ts";

/** Standard input, output and error of what is started: a descriptor of ours, a pipe, or nothing. */
export type Stdio = number | "pipe" | "ignore";

export interface LaunchOptions {
  readonly init: Init;
  readonly program: EncodedProgram;
  /** Default: nothing, three times. */
  readonly stdio?: readonly [Stdio, Stdio, Stdio];
  /** Descriptors of ours that become 4, 5 and so on. */
  readonly descriptors?: readonly number[];
  /** Of the init itself, where whoever looks for its process finds it. The command's is in the program. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An init that is our child. */
export class Launched extends RunningInit {
  readonly child: ChildProcess;
  readonly ended: Promise<InitEnd>;

  constructor(child: ChildProcess, program: EncodedProgram) {
    super(child.stdio[REPORT_FD] as Socket, program);
    this.child = child;
    this.ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
    this.ended.catch(() => {}); // whoever waits is told by next(), too
    void this.written.then(() => program.release());
  }

  get pid(): number {
    return this.child.pid!;
  }

  get stdin(): Writable | null {
    return this.child.stdin;
  }

  get stdout(): Readable | null {
    return this.child.stdout;
  }

  get stderr(): Readable | null {
    return this.child.stderr;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  async abandon(): Promise<void> {
    this.close();
    await this.ended;
  }

  unref(): void {
    this.child.unref();
    this.socket.unref();
  }
}

/** Starts the init and hands it its table. Fault `unavailable` when it cannot be executed. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const stdio: StdioOptions = [
    ...(options.stdio ?? ["ignore", "ignore", "ignore"]),
    "pipe",
    ...(options.descriptors ?? []),
  ];
  let child: ChildProcess;
  try {
    // A session of its own: it outlives us, and a terminal's signals are not for it.
    const env = options.env ?? {};
    child = spawn(options.init.path, [], { argv0: "plinth-init", cwd: "/", env, detached: true, stdio });
    if (child.pid === undefined) await once(child, "spawn");
  } catch (error) {
    throw new Fault("unavailable", `Cannot start the init: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return new Launched(child, options.program);
}

/** "EPERM (operation not permitted)". */
export function describeErrno(errno: number): string {
  const message = getSystemErrorMessage(-errno);
  return message === undefined ? `errno ${errno}` : `${errnoName(errno)} (${message})`;
}

/** The sentence for an init that ended before it said what was awaited. */
export function unexpectedEnd(what: string, end: InitEnd | undefined): Fault {
  if (end?.code === NO_TABLE_CODE)
    return new Fault("unavailable", `Cannot ${what}: the init got no whole table`);
  const how = end === undefined ? "" : end.signal === null ? ` with code ${end.code}` : ` by ${end.signal}`;
  return new Fault("unavailable", `Cannot ${what}: the init ended${how} before it was done`);
}

/** "EPERM". */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}
