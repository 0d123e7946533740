import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "@plinth/process/testing";
import { ETCD_READY } from "../server/real-etcd.ts";

/** How a server is started on a directory and a port of 127.0.0.1. */
export interface MemberProgram {
  readonly command: string;
  parameters(directory: string, port: number, peerPort: number): readonly string[];
  /** What it says on standard error once it serves. */
  readonly ready: RegExp;
}

/** Debian's. It syncs nothing: what is lost with a machine is not what these tests are about. */
export const realEtcd: MemberProgram = {
  command: "etcd",
  parameters: (directory, port, peerPort) => {
    const client = `http://127.0.0.1:${port}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    return [
      ["--data-dir", directory, "--unsafe-no-fsync"],
      ["--listen-client-urls", client, "--advertise-client-urls", client],
      ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ["--initial-cluster", `default=${peer}`, "--heartbeat-interval", "20", "--election-timeout", "200"],
    ].flat();
  },
  ready: ETCD_READY,
};

/** A server in a process of its own, which can be killed and stopped; its data and port stay the same. */
export class Member implements AsyncDisposable {
  readonly port: number;
  readonly #program: MemberProgram;
  readonly #directory: string;
  readonly #peerPort: number;
  #process: ChildProcess | undefined = undefined;

  private constructor(program: MemberProgram, directory: string, port: number, peerPort: number) {
    this.#program = program;
    this.#directory = directory;
    this.port = port;
    this.#peerPort = peerPort;
  }

  /** Undefined where the program is not installed. */
  static async start(program: MemberProgram): Promise<Member | undefined> {
    const directory = await mkdtemp(join(tmpdir(), "plinth-member-"));
    const member = new Member(program, directory, await freePort(), await freePort());
    try {
      await member.restart();
      return member;
    } catch (error) {
      await member[Symbol.asyncDispose]();
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The process; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves once it serves. */
  async restart(): Promise<void> {
    const { command, ready } = this.#program;
    const parameters = this.#program.parameters(join(this.#directory, "data"), this.port, this.#peerPort);
    const child = spawn(command, parameters, { stdio: ["ignore", "ignore", "pipe"] });
    await once(child, "spawn");
    this.#process = child;
    const said: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      said.push(line);
      if (!ready.test(line)) continue;
      // What it says later must not fill the pipe.
      child.stderr.resume();
      return;
    }
    throw new Error(`${command} has ended before it served:\n${said.join("\n")}`);
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Stops it as if its machine stood still. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
