import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "@plinth/clock";
import { plainText } from "../terminal/plain-text.ts";
import type { PlainData } from "./plain-data.ts";

/** A config computes a few values; one that runs longer waits for something or never ends. */
export const EVALUATION_MS_MAX = 10_000;
/** What a config may print, and how large its data may be: beyond is a mistake that would fill memory. */
export const EVALUATION_BYTES_MAX: number = 16 * 2 ** 20;
/** Enough for any config; a runaway one must not take the machine's memory with it. */
export const HEAP_MEBIBYTES_MAX = 512;

/** What the child says about the config. */
export type Evaluated =
  | ({ readonly kind: "value" } & PlainData)
  | { readonly kind: "nothing" }
  | {
      readonly kind: "thrown";
      readonly name: string;
      readonly message: string;
      readonly code?: string;
      readonly frame?: {
        readonly file: string;
        readonly line: number;
        readonly column: number;
        readonly text: string;
      };
    };

/** How an evaluation ended that gave no answer. */
export type Unanswered =
  | { readonly kind: "never-returned" }
  | { readonly kind: "too-much-output" }
  | { readonly kind: "ended"; readonly exitCode: number | null; readonly signal: string | null };

export interface EvaluateOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Receives what the config prints, without control sequences. */
  readonly print: (text: string) => void;
  /** Default: EVALUATION_MS_MAX. */
  readonly timeoutMs?: number;
}

/** Evaluates a TypeScript or JavaScript config in a child process, as this user, within limits. */
export async function evaluate(file: string, options: EvaluateOptions): Promise<Evaluated | Unanswered> {
  options.signal?.throwIfAborted();
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MEBIBYTES_MAX}`,
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
      fileURLToPath(new URL(`evaluate-child${extname(import.meta.url)}`, import.meta.url)),
      file,
    ],
    // A group of its own, so that whatever the config starts ends with it.
    { cwd: process.cwd(), stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true },
  );
  let limit: Unanswered | undefined;
  const stop = (why?: Unanswered): void => {
    limit ??= why;
    killGroup(child);
  };
  const cancelTimer = options.clock.schedule(options.timeoutMs ?? EVALUATION_MS_MAX, () =>
    stop({ kind: "never-returned" }),
  );
  const onAbort = (): void => stop();
  options.signal?.addEventListener("abort", onAbort, { once: true });

  const result: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer, keep: (chunk: Buffer) => void): void => {
    bytes += chunk.length;
    if (bytes > EVALUATION_BYTES_MAX) stop({ kind: "too-much-output" });
    else keep(chunk);
  };
  const answers = child.stdio[3] as NodeJS.ReadableStream;
  answers.on("data", (chunk: Buffer) => take(chunk, (kept) => result.push(kept)));
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) =>
      take(chunk, (kept) => options.print(plainText(kept.toString("utf8")))),
    );
  }
  // The answer is whole once its descriptor closes or the child has ended; open timers and servers are not waited for.
  answers.once("end", () => stop());
  answers.on("data", () => {
    if (parse(result) !== undefined) stop();
  });

  try {
    const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
    options.signal?.throwIfAborted();
    return limit ?? parse(result) ?? { kind: "ended", exitCode, signal };
  } finally {
    cancelTimer();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

function parse(chunks: readonly Buffer[]): Evaluated | undefined {
  // The child writes one JSON value and then a newline: without it, more is to come.
  if (chunks.at(-1)?.at(-1) !== 10) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Evaluated;
  } catch {
    return undefined; // the config itself wrote to the descriptor
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended by itself.
  }
}
