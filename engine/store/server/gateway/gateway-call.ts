import type { IncomingMessage } from "node:http";
import { fromJson, type Message } from "@plinth/etcd";
import { GrpcError, type Metadata, type Method, type ServerCall, Status } from "@plinth/grpc";
import { jsonValues, parseJson, tooLarge } from "./json-values.ts";

/** Fields of HTTP that a call's metadata has: where a token comes, by either of the names etcd knows. */
const METADATA_FIELDS = { authorization: "authorization", "grpc-metadata-token": "token" } as const;

/** A request of HTTP/1.1 as a handler sees a call. Certificates say nothing of a gateway's caller, as in etcd. */
export class GatewayCall implements ServerCall<unknown> {
  readonly path: string;
  readonly metadata: Metadata;
  readonly peerName = undefined;
  readonly signal: AbortSignal;
  readonly requests: AsyncIterable<unknown>;
  trailers: Metadata = [];
  /** Once `receive` has it. */
  received: unknown;
  readonly #incoming: IncomingMessage;
  readonly #type: Message<unknown>;
  readonly #bytesMax: number;

  constructor(
    incoming: IncomingMessage,
    method: Method<unknown, unknown>,
    signal: AbortSignal,
    bytesMax: number,
  ) {
    this.path = method.path;
    this.metadata = metadataOf(incoming);
    this.signal = signal;
    this.#incoming = incoming;
    // Every method here is one of @plinth/etcd's, whose codecs are messages.
    this.#type = method.request as Message<unknown>;
    this.#bytesMax = bytesMax;
    this.requests = this.#messages();
  }

  /** Takes the whole body as one message; none: a blank one. */
  async receive(): Promise<void> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.#chunks()) {
      bytes += chunk.length;
      if (bytes > this.#bytesMax) throw tooLarge(this.#bytesMax);
      chunks.push(chunk);
    }
    this.received = bytes === 0 ? this.#type.of() : fromJson(this.#type, parseJson(Buffer.concat(chunks)));
  }

  request(): Promise<unknown> {
    return Promise.resolve(this.received);
  }

  /** Heads go with the first response. */
  sendHead(): void {}

  async *#messages(): AsyncGenerator {
    for await (const value of jsonValues(this.#chunks(), this.#bytesMax)) yield fromJson(this.#type, value);
  }

  /** Leaving early leaves the connection, on which the answer is still to go. */
  async *#chunks(): AsyncGenerator<Buffer> {
    const chunks = this.#incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    try {
      for await (const chunk of chunks) yield chunk;
    } catch {
      throw new GrpcError(Status.cancelled, "the connection was lost");
    }
  }
}

function metadataOf({ headers }: IncomingMessage): Metadata {
  const metadata: [string, string][] = [];
  for (const [field, name] of Object.entries(METADATA_FIELDS)) {
    const value = headers[field];
    if (typeof value === "string") metadata.push([name, value]);
  }
  return metadata;
}
