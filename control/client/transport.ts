import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { linesOf } from "@plinth/lines";
import { SESSION_PROTOCOL } from "@plinth/resource";
import { faultFromStatus } from "./status.ts";

/** Far above any real list; a runaway answer must not fill this process's memory. */
const RESPONSE_BYTES_MAX = 64 * 2 ** 20;
/** One event of a stream holds one resource, whose spec is bounded by the schema's limits. */
const LINE_BYTES_MAX = 16 * 2 ** 20;
/** A daemon that was killed is back within a second or two; after this, nobody watches over it. */
const RESTART_MS = 5000;
const RETRY_MS = 50;
/** sun_path of sockaddr_un holds 108 bytes with its closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

export interface Request {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Uint8Array | string;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Sent again when the daemon died under it, which may have carried it out. Default: false. */
  readonly repeatable?: boolean;
}

/** Sends requests to the API's Unix socket; turns every way they fail into a Fault. */
export class Transport {
  readonly #socketPath: string;
  readonly #clock: Clock;

  constructor(socketPath: string, clock: Clock) {
    this.#socketPath = socketPath;
    this.#clock = clock;
  }

  /** Sends a request and reads its whole answer, both within the deadline; waits for a daemon that is restarting. */
  async call(request: Request, deadlineMs: number): Promise<string> {
    using deadline = new Deadline(this.#clock, deadlineMs, request);
    const patienceEndsMs = this.#clock.monotonic() + RESTART_MS;
    let wasThere = false;
    for (;;) {
      try {
        return await readText(await this.#head(request, deadline.signal), deadline.signal);
      } catch (error) {
        const loss = lossOf(error);
        const mayRepeat =
          loss === "killed" ||
          (loss === "broken" && request.repeatable === true) ||
          (loss === "absent" && wasThere);
        if (!mayRepeat || this.#clock.monotonic() >= patienceEndsMs) throw error;
        wasThere = true;
      }
      await this.#clock.sleep(RETRY_MS, deadline.signal);
    }
  }

  /** Sends a request and returns its answer as it comes; the deadline is for the answer's head alone. */
  async stream(request: Request, deadlineMs: number): Promise<IncomingMessage> {
    using deadline = new Deadline(this.#clock, deadlineMs, request);
    return await this.#head(request, deadline.signal);
  }

  /** Has a connection become a session; resolves with it. */
  async upgrade(path: string, signal: AbortSignal | undefined, deadlineMs: number): Promise<Duplex> {
    const request: Request = { method: "GET", path, signal };
    using deadline = new Deadline(this.#clock, deadlineMs, request);
    const { signal: either } = deadline;
    either.throwIfAborted();
    const sent = httpRequest({
      socketPath: this.#socketPath,
      path,
      agent: false,
      headers: { host: "localhost", connection: "Upgrade", upgrade: SESSION_PROTOCOL },
    });
    const upgraded = new Promise<Duplex>((resolve, reject) => {
      either.addEventListener("abort", () => sent.destroy(either.reason as Error), { once: true });
      sent.once("upgrade", (_response, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.once("response", (response) => {
        readText(response, either).then(
          (text) => reject(faultFromStatus(response.statusCode ?? 0, text)),
          reject,
        );
      });
      sent.on("error", (error) =>
        reject(either.aborted ? either.reason : connectionFault(error, this.#socketPath)),
      );
    });
    sent.end();
    return await upgraded;
  }

  async #head(request: Request, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const length = Buffer.byteLength(this.#socketPath);
    if (length > SOCKET_PATH_BYTES_MAX) {
      throw new Fault(
        "invalid",
        `Cannot use socket "${this.#socketPath}": ${length} bytes, and the kernel allows ${SOCKET_PATH_BYTES_MAX}`,
        { hint: "Choose a home with a shorter path." },
      );
    }
    const response = await this.#open(request, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw faultFromStatus(status, await readText(response, signal));
  }

  #open(request: Request, signal: AbortSignal): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    return new Promise((resolve, reject) => {
      const sent = httpRequest({
        socketPath: this.#socketPath,
        method: request.method,
        path: request.path,
        agent: false, // one connection per call: nothing is left open that would keep the process alive
        headers: {
          host: "localhost",
          accept: "application/json",
          ...(body === undefined
            ? {}
            : {
                "content-type": request.contentType ?? "application/json",
                "content-length": String(body.length),
              }),
        },
      });
      let answer: IncomingMessage | undefined;
      const onAbort = (): void => {
        answer?.destroy(signal.reason as Error);
        sent.destroy(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      sent.once("response", (response) => {
        answer = response;
        // Whoever reads sees the error; without a reader yet it must not end the process.
        response.on("error", () => {});
        resolve(response);
      });
      sent.on("error", (error) => {
        reject(signal.aborted ? signal.reason : connectionFault(error, this.#socketPath));
      });
      sent.once("close", () => signal.removeEventListener("abort", onAbort));
      sent.end(body);
    });
  }
}

/** A signal that aborts with the caller's, or after a time unless disposed before. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #cancel: () => void;

  constructor(clock: Clock, deadlineMs: number, request: Request) {
    const controller = new AbortController();
    this.signal =
      request.signal === undefined ? controller.signal : AbortSignal.any([controller.signal, request.signal]);
    this.#cancel = clock.schedule(deadlineMs, () =>
      controller.abort(
        new Fault(
          "timeout",
          `Cannot finish ${request.method} ${request.path}: no answer within ${deadlineMs} ms`,
          { hint: "The daemon is alive but slow or stuck: daemon.log in the home directory says more." },
        ),
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}

/**
 * How the daemon failed a request: never there or gone in order, killed before the request was sent (its socket is
 * left behind), or gone with the request under way. Undefined when it answered.
 */
function lossOf(error: unknown): "absent" | "killed" | "broken" | undefined {
  if (!(error instanceof Fault) || error.code !== "unavailable" || error.cause === undefined)
    return undefined;
  const { code } = error.cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return "absent";
  return code === "ECONNREFUSED" ? "killed" : "broken";
}

function connectionFault(error: Error, socketPath: string): Fault {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return new Fault("unavailable", `Cannot reach Plinth at "${socketPath}": it is not running there`, {
      cause: error,
      hint: "Run `plinth up`, or name another home with --home.",
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new Fault("forbidden", `Cannot reach Plinth at "${socketPath}": permission denied`, {
      cause: error,
      hint: "A home belongs to the user who made it; become that user or choose your own with --home.",
    });
  }
  return new Fault("unavailable", `Cannot talk to Plinth at "${socketPath}": ${error.message}`, {
    cause: error,
    hint: "The daemon may be restarting; try again in a moment.",
  });
}

async function readText(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > RESPONSE_BYTES_MAX) {
        throw new Fault("too-large", `Cannot read Plinth's answer: more than ${RESPONSE_BYTES_MAX} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw streamFault(error, signal);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function streamFault(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof Fault) return error;
  return new Fault("unavailable", `Plinth's answer broke off: ${(error as Error).message}`, {
    cause: error,
    hint: "The daemon may be restarting; try again in a moment.",
  });
}

/** The bytes of a streaming answer; rejects with the signal's reason or a Fault. */
export async function* bytesOf(response: IncomingMessage, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw streamFault(error, signal);
  }
}

/** The values of a newline-delimited JSON answer. */
export async function* valuesOf(response: IncomingMessage, signal?: AbortSignal): AsyncGenerator {
  const refusal = `Cannot read an event: its line is longer than ${LINE_BYTES_MAX} bytes`;
  for await (const line of linesOf(bytesOf(response, signal), LINE_BYTES_MAX, refusal)) {
    if (line.length > 0) yield parseJson(line);
  }
}

/** Parses what the API sent. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault("corrupt", "Cannot read Plinth's answer: it is not JSON", { cause: error });
  }
}
