import { type Clock, systemClock } from "@plinth/clock";
import { ErrorCode, type Http2Session, type StreamHandler } from "@plinth/http2";
import type { Encoding } from "./framing.ts";
import { decodeMessageText } from "./message-text.ts";
import { MessageStream } from "./message-stream.ts";
import { fieldValue, type Metadata, metadataOfFields, metadataToFields } from "./metadata.ts";
import type { Method } from "./method.ts";
import { GrpcError, Status, statusOfHttp } from "./status.ts";
import { formatTimeout } from "./timeout.ts";

export interface CallOptions {
  readonly metadata?: Metadata;
  /** Time for the whole call; the server is told. Default: none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Compresses requests of 1 KiB and more. Default: "identity". */
  readonly encoding?: Encoding;
}

/** A call under way. */
export interface ClientCall<Request, Response> {
  /** Responses as they come, for one reader; ends or throws GrpcError with the call's status. */
  readonly responses: AsyncIterable<Response>;
  /** The response of a call that has one. */
  response(): Promise<Response>;
  /** Sends a request; resolves when more can be sent. */
  send(request: Request): Promise<void>;
  /** No more requests. */
  end(): void;
  cancel(): void;
  /** What came with the head; with the status. Empty when the call has failed before. */
  readonly head: Promise<Metadata>;
  readonly trailers: Promise<Metadata>;
}

export interface GrpcClientOptions {
  /** ":authority" of calls. */
  readonly authority: string;
  /** Default: "http". */
  readonly scheme?: "http" | "https";
  readonly clock?: Clock;
  readonly messageBytesMax?: number;
}

class Call<Request, Response> implements StreamHandler, ClientCall<Request, Response> {
  readonly head: Promise<Metadata>;
  readonly trailers: Promise<Metadata>;
  readonly messages: MessageStream<Response, Request>;
  #giveHead!: (metadata: Metadata) => void;
  #giveTrailers!: (metadata: Metadata) => void;
  #done = false;
  #leave: () => void = () => {};

  constructor(method: Method<Request, Response>, messageBytesMax: number | undefined) {
    this.messages = new MessageStream(method.response, method.request, messageBytesMax);
    this.head = new Promise((resolve) => (this.#giveHead = resolve));
    this.trailers = new Promise((resolve) => (this.#giveTrailers = resolve));
  }

  get responses(): AsyncIterable<Response> {
    return this.messages;
  }

  /** Watches the deadline and the caller's signal until the call has ended. */
  watch(clock: Clock, timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    const onAbort = (): void => this.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    const cancelTimer =
      timeoutMs === undefined
        ? undefined
        : clock.schedule(timeoutMs, () => this.#abandon(Status.deadlineExceeded, "the deadline has passed"));
    this.#leave = () => {
      signal?.removeEventListener("abort", onAbort);
      cancelTimer?.();
    };
    if (signal?.aborted) this.cancel();
  }

  response(): Promise<Response> {
    return this.messages.only();
  }

  send(request: Request): Promise<void> {
    return this.messages.send(request);
  }

  end(): void {
    const { stream } = this.messages;
    if (stream !== undefined && !stream.closed && !stream.localEnded && !stream.endQueued) {
      stream.data(Buffer.alloc(0), true);
    }
  }

  cancel(): void {
    this.#abandon(Status.cancelled, "the call was cancelled");
  }

  #abandon(status: number, message: string): void {
    if (this.#done) return;
    this.messages.stream?.reset(ErrorCode.cancel);
    this.finish(new GrpcError(status, message));
  }

  finish(error: GrpcError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#leave();
    this.messages.end(error);
    this.#giveHead([]);
    this.#giveTrailers(error?.metadata ?? []);
  }

  onHeaders(fields: string[], endStream: boolean): void {
    if (endStream) return this.#onStatus(fields);
    const httpStatus = fieldValue(fields, ":status");
    const type = fieldValue(fields, "content-type") ?? "";
    if (httpStatus !== "200" || !type.startsWith("application/grpc")) {
      this.messages.stream?.reset(ErrorCode.cancel);
      return this.finish(
        new GrpcError(statusOfHttp(Number(httpStatus)), `HTTP status ${httpStatus}, "${type}"`),
      );
    }
    this.messages.reader.encoding = fieldValue(fields, "grpc-encoding") ?? "identity";
    this.#giveHead(metadataOfFields(fields));
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    const error = this.messages.push(bytes);
    if (error !== undefined) {
      this.messages.stream?.reset(ErrorCode.cancel);
      this.finish(error);
    } else if (endStream) this.finish(new GrpcError(Status.internal, "the answer ended without a status"));
  }

  onTrailers(fields: string[]): void {
    this.#onStatus(fields);
  }

  onReset(code: number, cause: number): void {
    this.finish(this.messages.reset(code, cause));
  }

  onWritable(): void {
    this.messages.writable();
  }

  #onStatus(fields: string[]): void {
    const metadata = metadataOfFields(fields);
    const text = fieldValue(fields, "grpc-status");
    if (text === undefined) {
      const httpStatus = fieldValue(fields, ":status") ?? "without";
      return this.finish(
        new GrpcError(statusOfHttp(Number(httpStatus)), `HTTP status ${httpStatus}`, metadata),
      );
    }
    const status = /^\d{1,3}$/.test(text) ? Number(text) : Status.unknown;
    if (status !== Status.ok) {
      const message = decodeMessageText(fieldValue(fields, "grpc-message") ?? "");
      return this.finish(new GrpcError(status, message, metadata));
    }
    if (!this.messages.reader.atStart) {
      return this.finish(new GrpcError(Status.internal, "the answer ended within a message"));
    }
    this.#giveTrailers(metadata);
    this.finish(undefined);
  }
}

/** Calls methods over one session. */
export class GrpcClient {
  readonly #session: Http2Session;
  readonly #options: GrpcClientOptions;

  constructor(session: Http2Session, options: GrpcClientOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Begins a call; requests are sent by the caller. */
  open<Request, Response>(
    method: Method<Request, Response>,
    options: CallOptions = {},
  ): ClientCall<Request, Response> {
    const { authority, scheme = "http", clock = systemClock, messageBytesMax } = this.#options;
    const call = new Call(method, messageBytesMax);
    const fields = [":method", "POST", ":scheme", scheme, ":path", method.path, ":authority", authority];
    fields.push(
      "te",
      "trailers",
      "content-type",
      "application/grpc",
      "grpc-accept-encoding",
      "identity,gzip",
    );
    if (options.timeoutMs !== undefined) fields.push("grpc-timeout", formatTimeout(options.timeoutMs));
    if (options.encoding === "gzip") {
      fields.push("grpc-encoding", "gzip");
      call.messages.sendEncoding = "gzip";
    }
    if (options.metadata !== undefined) fields.push(...metadataToFields(options.metadata));
    const stream = this.#session.request(fields, false, call);
    if (stream === undefined) {
      call.finish(new GrpcError(Status.unavailable, "the connection takes no more calls", [], true));
      return call;
    }
    call.messages.stream = stream;
    call.watch(clock, options.timeoutMs, options.signal);
    return call;
  }

  /** One request, one response. */
  async unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Response> {
    const call = this.open(method, options);
    await call.send(request).then(
      () => call.end(),
      (error: unknown) => {
        // What has failed as a call is said better by the response; what cannot be encoded has not left.
        if (error instanceof GrpcError) return;
        call.cancel();
        throw error;
      },
    );
    return call.response();
  }
}
