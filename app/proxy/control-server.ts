import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";

/** A snapshot of thousands of services is a few megabytes. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** One deed of the control socket: gets the parsed body, gives what is answered. */
export type Deed = (body: unknown) => Promise<unknown>;

const statuses: Partial<Record<FaultCode, number>> = {
  invalid: 400,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  unsupported: 501,
  unavailable: 503,
  timeout: 504,
};

/** Serves JSON deeds, keyed by "METHOD /path", on a Unix socket; its permissions are the credential. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(path: string, deeds: Readonly<Record<string, Deed>>): Promise<ControlServer> {
    const server = createServer((request, response) => void answer(deeds, request, response));
    server.listen(path);
    await once(server, "listening");
    return new ControlServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
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

async function answer(
  deeds: Readonly<Record<string, Deed>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let status = 200;
  let result: unknown;
  try {
    const name = `${request.method} ${request.url}`;
    if (!Object.hasOwn(deeds, name)) throw new Fault("not-found", `no such deed: ${name}`);
    result = await deeds[name]!(await readJson(request));
  } catch (error) {
    status = error instanceof Fault ? (statuses[error.code] ?? 500) : 500;
    result = { code: error instanceof Fault ? error.code : "internal", message: messageOf(error) };
  }
  const body = Buffer.from(JSON.stringify(result));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    connection: "close",
  });
  response.end(body);
}
