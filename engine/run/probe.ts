import { request } from "node:http";
import { connect } from "node:net";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { ProbeQuestion } from "@plinth/resource";

/** The answer to one probe. */
export interface ProbeAnswer {
  readonly yes: boolean;
  /** What was seen, for people: "HTTP 503 after 3 ms: warming up". */
  readonly text: string;
  /** Nobody listens: while starting that only means "not yet". */
  readonly refused: boolean;
}

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** Runs a command inside the instance; undefined where its driver cannot. */
  readonly exec:
    | ((command: readonly string[], signal: AbortSignal) => Promise<{ code: number; output: string }>)
    | undefined;
}

export interface ProbeOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type AskProbe = (
  question: ProbeQuestion,
  target: ProbeTarget,
  options: ProbeOptions,
) => Promise<ProbeAnswer>;

/** A probe's text is kept in the store and shown in tables. */
const TEXT_CHARACTERS_MAX = 200;
/** Much more than a health page has; then the connection is cut. */
const BODY_BYTES_MAX = 64 * 1024;

/** Asks an instance one question. Rejects only with the signal's reason; all else is an answer. */
export const askProbe: AskProbe = (question, target, options) => {
  if ("http" in question) return askHttp(question.http, target, options);
  if ("exec" in question) return askExec(question.exec, target, options);
  if ("running" in question) return Promise.resolve({ yes: true, text: "it runs", refused: false });
  return askTcp(target, options);
};

function brief(text: string): string {
  // Control bytes of a workload must not reach a terminal.
  const line = text
    .trimStart()
    .split(/[\r\n]/, 1)[0]!
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
  return line.length > TEXT_CHARACTERS_MAX ? `${line.slice(0, TEXT_CHARACTERS_MAX)}…` : line;
}

/** Runs one asking with its time limit; the first answer counts, and `end` frees what it holds. */
function withTimeout(
  { timeoutMs, clock, signal }: ProbeOptions,
  late: () => string,
  begin: (answer: (answer: ProbeAnswer) => void, elapsedMs: () => number) => () => void,
): Promise<ProbeAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const startMs = clock.monotonic();
    let end: (() => void) | undefined;
    const finish = (answer: ProbeAnswer): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
      end?.();
      resolve(answer);
    };
    const onAbort = (): void => {
      cancel();
      end?.();
      reject(signal.reason);
    };
    const cancel = clock.schedule(timeoutMs, () => finish({ yes: false, text: late(), refused: false }));
    signal.addEventListener("abort", onAbort, { once: true });
    end = begin(finish, () => Math.round(clock.monotonic() - startMs));
  });
}

function failedConnection(error: unknown, where: string): ProbeAnswer {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return { yes: false, text: `connection refused at ${where}`, refused: true };
  if (code === "ECONNRESET") return { yes: false, text: `connection reset by ${where}`, refused: false };
  return { yes: false, text: brief(`${messageOf(error)} at ${where}`), refused: false };
}

function askHttp(path: string, { address, port }: ProbeTarget, options: ProbeOptions): Promise<ProbeAnswer> {
  const where = `${address}:${port}`;
  return withTimeout(
    options,
    () => `no answer to GET ${path} at ${where} within ${options.timeoutMs} ms`,
    (answer, elapsedMs) => {
      const asking = request({
        host: address,
        port,
        path,
        agent: false,
        headers: { host: where, connection: "close", "user-agent": "plinth-probe" },
      });
      let isYes = false;
      asking.on("error", (error) => answer(failedConnection(error, where)));
      asking.on("response", (response) => {
        const status = response.statusCode ?? 0;
        isYes = status >= 200 && status < 400;
        const text = `HTTP ${status} after ${elapsedMs()} ms`;
        if (isYes) {
          // The body is read all the same: servers log a connection cut half-way as an error.
          const cut = options.clock.schedule(options.timeoutMs, () => response.destroy());
          response.on("close", cut);
        }
        let body = "";
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (body.length <= TEXT_CHARACTERS_MAX) body += chunk.toString("utf8");
          if (bytes > BODY_BYTES_MAX) response.destroy();
        });
        response.on("error", () => {});
        response.on("close", () => {
          const line = brief(body);
          answer({ yes: isYes, text: line === "" ? text : `${text}: ${line}`, refused: false });
        });
        if (isYes) answer({ yes: true, text, refused: false });
      });
      asking.end();
      return () => {
        if (!isYes) asking.destroy();
      };
    },
  );
}

function askTcp({ address, port }: ProbeTarget, options: ProbeOptions): Promise<ProbeAnswer> {
  const where = `${address}:${port}`;
  return withTimeout(
    options,
    () => `no connection to ${where} within ${options.timeoutMs} ms`,
    (answer, elapsedMs) => {
      const socket = connect(port, address);
      socket.on("error", (error) => answer(failedConnection(error, where)));
      socket.on("connect", () =>
        answer({ yes: true, text: `connected to ${where} after ${elapsedMs()} ms`, refused: false }),
      );
      return () => socket.destroy();
    },
  );
}

function askExec(
  command: readonly string[],
  target: ProbeTarget,
  options: ProbeOptions,
): Promise<ProbeAnswer> {
  return withTimeout(
    options,
    () => `${command[0]} did not end within ${options.timeoutMs} ms`,
    (answer, elapsedMs) => {
      const over = new AbortController();
      if (target.exec === undefined) {
        answer({ yes: false, text: "this driver cannot run commands inside an instance", refused: false });
      } else {
        target.exec(command, over.signal).then(
          ({ code, output }) =>
            answer({
              yes: code === 0,
              text: brief(`exit code ${code} after ${elapsedMs()} ms${output === "" ? "" : `: ${output}`}`),
              refused: false,
            }),
          (error: unknown) => answer({ yes: false, text: brief(messageOf(error)), refused: false }),
        );
      }
      return () => over.abort();
    },
  );
}
