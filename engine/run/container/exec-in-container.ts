import { closeSync } from "node:fs";
import type { Readable } from "node:stream";
import { ReadStream } from "node:tty";
import { Fault } from "@plinth/fault";
import { isRunning } from "@plinth/process";
import type { ExecTerminal, TerminalSize } from "../driver.ts";
import type { Init } from "../init/init-file.ts";
import { runSteps } from "../init/run-steps.ts";
import type { Process } from "../oci/config.ts";
import { MARK_VARIABLE } from "../process/members.ts";
import type { ExecTarget, Executed, SeccompProgram } from "./container.ts";
import { execIn } from "./exec.ts";
import { openMaster } from "./open-master.ts";
import type { RuntimeExecOptions } from "./runtime.ts";
import { commandFailure } from "./start-failure.ts";
import { StepFault } from "./step-fault.ts";
import { resizeStep } from "./terminal.ts";

export interface ExecInContainer {
  readonly target: ExecTarget;
  readonly mark: string;
  readonly init: Init;
  readonly process: Process;
  readonly seccomp: SeccompProgram | undefined;
  readonly options: RuntimeExecOptions;
}

/** Runs a command in a container with the streams given; resolves with its exit code once they have all it wrote. */
export async function execInContainer(asked: ExecInContainer): Promise<number> {
  const { options } = asked;
  try {
    return await (options.terminal === undefined ? onPipes(asked) : onTerminal(asked, options.terminal));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof StepFault) || !error.isCommand) throw error;
    const { code = 126, reason } = commandFailure(asked.process.args?.[0] ?? "", error.errno, error.message);
    options.stderr?.write(`${reason}\n`);
    return code;
  }
}

async function onPipes({ target, mark, init, process, seccomp, options }: ExecInContainer): Promise<number> {
  const { stdin, stdout, stderr, signal } = options;
  const command = await execIn(target, {
    init,
    process,
    stdio: [stdin ? "pipe" : "ignore", stdout ? "pipe" : "ignore", stderr ? "pipe" : "ignore"],
    env: { [MARK_VARIABLE]: mark },
    ...(seccomp !== undefined && { seccomp }),
    ...(signal !== undefined && { signal }),
  });
  if (stdin && command.stdin) {
    // oxlint-disable-next-line eslint/no-empty-function -- a command need not read all it is given
    stdin.pipe(command.stdin).on("error", () => {});
  }
  const drained = [
    ...(command.stdout && stdout ? [ended(command.stdout, stdout)] : []),
    ...(command.stderr && stderr ? [ended(command.stderr, stderr)] : []),
  ];
  try {
    const { code } = await command.wait();
    await Promise.all(drained);
    signal?.throwIfAborted();
    return code;
  } finally {
    if (command.stdin) stdin?.unpipe(command.stdin);
  }
}

function ended(from: Readable, to: NodeJS.WritableStream): Promise<void> {
  from.pipe(to, { end: false });
  // One that nothing was written to may have ended before anybody could listen.
  if (from.closed) return Promise.resolve();
  return new Promise((resolve) => from.once("close", resolve).once("error", () => resolve()));
}

async function onTerminal(asked: ExecInContainer, terminal: ExecTerminal): Promise<number> {
  const { target, mark, init, process, seccomp, options } = asked;
  const { stdin, stdout, signal } = options;
  if (!isRunning(target.main))
    throw new Fault("gone", `Cannot run a command in "${target.id}": it is not running`);
  const master = openMaster(target.main);
  if (master === undefined)
    throw new Fault(
      "unsupported",
      `Cannot give a command in "${target.id}" a terminal: it has no /dev/pts/ptmx`,
    );
  let line: ReadStream;
  let command: Executed;
  try {
    command = await execIn(target, {
      init,
      process: { ...process, terminal: true, consoleSize: consoleSize(terminal.size) },
      terminal: { master },
      env: { [MARK_VARIABLE]: mark },
      ...(seccomp !== undefined && { seccomp }),
      ...(signal !== undefined && { signal }),
    });
    // Despite its name both ways, as a terminal is; its handle owns the descriptor.
    line = new ReadStream(master);
  } catch (error) {
    closeSync(master);
    throw error;
  }
  // The other end is gone: EIO, which is a terminal's way to say that it ended.
  line.on("error", () => {});
  if (stdout) line.on("data", (data: Buffer) => void (stdout.write(data) || paused(line, stdout)));
  stdin?.on("data", (data: Buffer) => void line.write(data));
  terminal.onSize((size) => void resize(init, master, size));
  try {
    const closed = new Promise<void>((resolve) => line.once("close", resolve).once("error", () => resolve()));
    const { code } = await command.wait();
    // What runs on in the background keeps the terminal open; the command that was asked for is over all the same.
    await Promise.race([closed, quiet(line)]);
    signal?.throwIfAborted();
    return code;
  } finally {
    line.destroy();
  }
}

function paused(line: ReadStream, stdout: NodeJS.WritableStream): void {
  line.pause();
  stdout.once("drain", () => line.resume());
}

/** Resolves once a turn of the event loop brought nothing more to read. */
function quiet(line: ReadStream): Promise<void> {
  return new Promise((resolve) => {
    let turns = 0;
    const look = (): void => void (++turns > QUIET_TURNS ? resolve() : setImmediate(look));
    line.on("data", () => (turns = 0));
    setImmediate(look);
  });
}

/** What a command wrote before its end is in the kernel by then, and is read in some of these. */
const QUIET_TURNS = 20;

const consoleSize = ({ rows, columns }: TerminalSize): { height: number; width: number } => ({
  height: rows,
  width: columns,
});

async function resize(init: Init, master: number, size: TerminalSize): Promise<void> {
  try {
    await runSteps([resizeStep(RESIZED_FD, consoleSize(size))], { init, descriptors: [master] });
  } catch {
    // Closed meanwhile: whoever resizes has nothing of it any more.
  }
}

/** The first descriptor that is handed over. */
const RESIZED_FD = 4;
