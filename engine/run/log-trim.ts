import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { messageOf } from "@plinth/fault";
import {
  allocatedBytes,
  droppedBytes,
  logFile,
  logNumbers,
  removeLogFile,
  writeDroppedBytes,
} from "./log-files.ts";

export interface LogCaps {
  /** Most bytes one start's output may take up on disk. */
  readonly fileBytesMax: number;
  /** Most bytes the output of all earlier starts may take up. */
  readonly oldBytesMax: number;
  /** Most earlier starts whose output is kept: an instance that crashes at once leaves many short ones. */
  readonly oldFilesMax: number;
}

/** Hours of a chatty service; a hundred instances still fit on a small disk. */
export const DEFAULT_LOG_CAPS: LogCaps = {
  fileBytesMax: 64 * 2 ** 20,
  oldBytesMax: 64 * 2 ** 20,
  oldFilesMax: 50,
};

/** Freed down to this part of the cap, so that it is not done again for each new block. */
const KEEP_PART = 0.75;
/** How far the beginning of a line is looked for; past that a line is cut. */
const LINE_SCAN_BYTES = 64 * 1024;
/** File systems free whole blocks only; 4096 is a multiple of the usual ones, and a smaller one costs nothing. */
const BLOCK_BYTES = 4096;

const run = promisify(execFile);

/** Frees what is over the caps, oldest first. Returns why it could not, for the user. */
export async function trimLogs(
  directory: string,
  caps: LogCaps = DEFAULT_LOG_CAPS,
): Promise<string | undefined> {
  const numbers = await logNumbers(directory);
  const newest = numbers.pop();
  if (newest === undefined) return undefined;
  let oldBytes = 0;
  let oldFiles = 0;
  for (const number of numbers.reverse()) {
    oldBytes += await allocatedBytes(logFile(directory, number));
    oldFiles += 1;
    if (oldBytes > caps.oldBytesMax || oldFiles > caps.oldFilesMax) await removeLogFile(directory, number);
  }
  return trimFile(directory, newest, caps.fileBytesMax);
}

async function trimFile(directory: string, number: number, bytesMax: number): Promise<string | undefined> {
  const path = logFile(directory, number);
  if ((await allocatedBytes(path)) <= bytesMax) return undefined;
  const tool = punchTool();
  if (tool === undefined) {
    return `Cannot hold ${path} to ${bytesMax} bytes: fallocate is missing (Debian: apt install util-linux)`;
  }
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const already = await droppedBytes(directory, number);
    const first = await lineStart(file, Math.max(already, size - Math.floor(bytesMax * KEEP_PART)), size);
    if (first > already) await writeDroppedBytes(directory, number, first);
    const length = Math.floor(first / BLOCK_BYTES) * BLOCK_BYTES;
    if (length === 0) return undefined;
    await run(tool, ["--punch-hole", "--keep-size", "--offset", "0", "--length", String(length), path]);
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return `Cannot hold ${path} to ${bytesMax} bytes: ${stderr || messageOf(error)}`;
  } finally {
    await file.close();
  }
  return undefined;
}

function punchTool(): string | undefined {
  return ["/usr/bin/fallocate", "/bin/fallocate"].find((path) => existsSync(path));
}

/** The first line that begins at or after `offset`; `offset` itself where none begins nearby. */
async function lineStart(file: FileHandle, offset: number, size: number): Promise<number> {
  if (offset <= 0) return 0;
  const buffer = Buffer.alloc(Math.min(LINE_SCAN_BYTES, size - offset + 1));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset - 1);
  const newline = buffer.subarray(0, bytesRead).indexOf(10);
  return newline === -1 ? offset : offset + newline;
}
