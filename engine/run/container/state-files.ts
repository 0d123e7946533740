import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bootId, identityInStat, type ProcessIdentity } from "@plinth/process";
import { describeErrno } from "../init/launch.ts";
import { type ContainerExit } from "./container.ts";

/** Files of a state directory; all but the gate begin with the mark. */
export const RUNNING_FILE = "running";
export const EXIT_FILE = "exit";
export const CANNOT_START_FILE = "cannot-start";
/** A FIFO: there until the command runs. */
export const START_FILE = "start";

/** Who keeps a task or a container, and its main process, as written before the command may run. */
export interface KeptProcesses {
  readonly shim: ProcessIdentity;
  readonly main: ProcessIdentity;
}

export function readProcesses(stateDirectory: string, mark: string): KeptProcesses | undefined {
  const lines = linesOf(stateDirectory, RUNNING_FILE, mark);
  if (lines === undefined) return undefined;
  const boot = lines[1] ?? bootId();
  const shim = identityInStat(lines[2] ?? "", boot);
  const main = identityInStat(lines[3] ?? "", boot);
  return shim && main && { shim, main };
}

/** How the main process ended; undefined before that. Launchers of earlier releases tell no signal from its code. */
export function readExit(stateDirectory: string, mark: string): ContainerExit | undefined {
  const [, code = "", status = ""] = linesOf(stateDirectory, EXIT_FILE, mark) ?? [];
  if (!/^[0-9]+$/.test(code)) return undefined;
  return status === "" ? { code: Number(code), signal: undefined } : exitOf(Number(status));
}

/** What a wait status says. */
export function exitOf(status: number): ContainerExit {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff, signal: undefined } : { code: 128 + signal, signal };
}

export interface StartFailure {
  /** What could not be done: "run /bin/nothing". */
  readonly words: string;
  readonly errno: number;
  /** The sentence: "run /bin/nothing: ENOENT (no such file or directory)". */
  readonly reason: string;
}

/** Why the command never ran, though it was to be started. */
export function readStartFailure(stateDirectory: string, mark: string): StartFailure | undefined {
  const lines = linesOf(stateDirectory, CANNOT_START_FILE, mark);
  if (lines === undefined) return undefined;
  const errno = Number(lines[1]);
  const words = lines.slice(2).join("\n").trimEnd();
  return { words, errno, reason: `${words}: ${describeErrno(errno)}` };
}

/** Whether it waits to be started. */
export function waitsForStart(stateDirectory: string): boolean {
  return existsSync(join(stateDirectory, START_FILE));
}

function linesOf(directory: string, name: string, mark: string): string[] | undefined {
  try {
    const lines = readFileSync(join(directory, name), "utf8").split("\n");
    return lines[0] === mark ? lines : undefined;
  } catch {
    return undefined;
  }
}
