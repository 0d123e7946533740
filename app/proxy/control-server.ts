import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";

/** A snapshot of thousands of services is a few megabytes. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** One deed of the control socket: gets the parsed body, gives what is answered. */
export type Deed = (body: unknown) => Promise<unknown>;

/** An answer of lines without an end of its own. */
export interface LineStream {
  /** False: the reader is slow; `onDrain` tells when more can be written. */
  write(lines: string): boolean;
  /** Called when a slow reader has caught up. */
  onDrain: () => void;
  /** Called once when the reader is gone or the server ends. */
  onEnd: () => void;
}

/** A deed whose answer goes on until its reader leaves: gets the parsed body and where to write. */
export type StreamDeed = (body: unknown, stream: LineStream) => Promise<void>;

export interface Deeds {
  /** By "METHOD /path", as are the streams. */
  readonly answers: Readonly<Record<string, Deed>>;
  readonly streams: Readonly<Record<string, StreamDeed>>;
}

const statuses: Partial<Record<FaultCode, number>> = {
  invalid: 400,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  exhausted: 429,
  unsupported: 501,
  unavailable: 503,
  timeout: 504,
};

/** Serves JSON deeds on a Unix socket; its permissions are the credential. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #deeds: Deeds;
  /** Answers without an end of their own. */
  readonly #streaming: Set<ServerResponse> = new Set();
  #acceptsStreams = true;

  private constructor(deeds: Deeds) {
    this.#deeds = deeds;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(path: string, deeds: Deeds): Promise<ControlServer> {
    const control = new ControlServer(deeds);
    control.#server.listen(path);
    await once(control.#server, "listening");
    return control;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${request.url}`;
    const { answers, streams } = this.#deeds;
    if (Object.hasOwn(streams, name)) await this.#stream(streams[name]!, request, response);
    else await answer(name, answers, request, response);
  }

  async #stream(deed: StreamDeed, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stream: LineStream = { write: (lines) => response.write(lines), onDrain: ignore, onEnd: ignore };
    try {
      const body = await readJson(request);
      if (!this.#acceptsStreams) throw new Fault("unavailable", "this proxy is draining; ask again");
      await deed(body, stream);
    } catch (error) {
      fail(response, error);
      return;
    }
    this.#streaming.add(response);
    response.on("drain", () => stream.onDrain());
    response.on("close", () => {
      this.#streaming.delete(response);
      stream.onEnd();
    });
    response.writeHead(200, { "content-type": "application/x-ndjson", connection: "close" });
    response.flushHeaders();
  }

  /** Ends answers that have no end of their own, so that their readers turn to this proxy's successor. */
  endStreams(): void {
    this.#acceptsStreams = false;
    for (const response of this.#streaming) response.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endStreams();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new Fault("too-large", `the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    // What is wrong with it would quote it, and it may hold keys.
    throw new Fault("invalid", "the body is not JSON");
  }
}

function ignore(): void {}

async function answer(
  name: string,
  deeds: Readonly<Record<string, Deed>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: unknown;
  try {
    if (!Object.hasOwn(deeds, name)) throw new Fault("not-found", `no such deed: ${name}`);
    result = await deeds[name]!(await readJson(request));
  } catch (error) {
    fail(response, error);
    return;
  }
  send(response, 200, result);
}

function fail(response: ServerResponse, error: unknown): void {
  const status = error instanceof Fault ? (statuses[error.code] ?? 500) : 500;
  const code = error instanceof Fault ? error.code : "internal";
  send(response, status, { code, message: messageOf(error) });
}

function send(response: ServerResponse, status: number, result: unknown): void {
  const body = Buffer.from(JSON.stringify(result));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    connection: "close",
  });
  response.end(body);
}
