import type { Socket } from "node:net";
import { type Clock, systemClock } from "@plinth/clock";
import {
  ErrorCode,
  type Http2Session,
  type Http2Stream,
  type Limits,
  serve,
  type StreamHandler,
} from "@plinth/http2";
import { encodeMessageText } from "./message-text.ts";
import { MessageStream } from "./message-stream.ts";
import { fieldValue, type Metadata, metadataOfFields, metadataToFields } from "./metadata.ts";
import type { Method } from "./method.ts";
import { GrpcError, Status } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

/** One call as its handler sees it. */
export interface ServerCall<Request> {
  readonly path: string;
  readonly metadata: Metadata;
  /** Requests as they come; for one reader. */
  readonly requests: AsyncIterable<Request>;
  /** The request of a call that has one. */
  request(): Promise<Request>;
  /** Aborted when the caller has cancelled, is gone, or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Sends the head now, with metadata; else it goes with the first response. */
  sendHead(metadata?: Metadata): void;
  /** What goes with the status. */
  trailers: Metadata;
}

/** Answers a call: with a response, or with a stream of them if the method says so. Throws GrpcError to fail. */
export type Handler<Request, Response> = (
  call: ServerCall<Request>,
) => Promise<Response> | AsyncIterable<Response>;

/** A method with its handler; made by `implement`. */
export interface Implementation {
  readonly path: string;
  start(stream: Http2Stream, settings: CallSettings): StreamHandler;
}

export interface CallSettings {
  readonly clock: Clock;
  readonly messageBytesMax: number | undefined;
  readonly onError: (path: string, error: unknown) => void;
}

export interface GrpcServerOptions {
  readonly services: readonly Implementation[];
  readonly clock?: Clock;
  /** Default: 4 MiB. */
  readonly messageBytesMax?: number;
  readonly limits?: Partial<Limits>;
  /** Hears what handlers throw beside GrpcError: bugs mostly; callers get UNKNOWN without the text. */
  readonly onError?: (path: string, error: unknown) => void;
}

export interface GrpcServer {
  /** Speaks gRPC on a connected socket. */
  serve(socket: Socket): Http2Session;
  /** For who has a session already: answers one stream. */
  onStream(stream: Http2Stream): StreamHandler;
  /** Takes no new calls; resolves when those under way have ended. */
  close(): Promise<void>;
}

class Call<Request, Response> implements StreamHandler, ServerCall<Request> {
  readonly path: string;
  metadata: Metadata = [];
  trailers: Metadata = [];
  readonly #stream: Http2Stream;
  readonly #method: Method<Request, Response>;
  readonly #handler: Handler<Request, Response>;
  readonly #settings: CallSettings;
  readonly #messages: MessageStream<Request, Response>;
  readonly #abort: AbortController = new AbortController();
  #cancelDeadline: () => void = () => {};
  #done = false;

  constructor(
    stream: Http2Stream,
    method: Method<Request, Response>,
    handler: Handler<Request, Response>,
    settings: CallSettings,
  ) {
    this.path = method.path;
    this.#stream = stream;
    this.#method = method;
    this.#handler = handler;
    this.#settings = settings;
    this.#messages = new MessageStream(method.request, method.response, settings.messageBytesMax);
    this.#messages.stream = stream;
  }

  get requests(): AsyncIterable<Request> {
    return this.#messages;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  request(): Promise<Request> {
    return this.#messages.only();
  }

  sendHead(metadata: Metadata = []): void {
    if (this.#stream.headSent || this.#done) return;
    const fields = [
      ":status",
      "200",
      "content-type",
      "application/grpc",
      "grpc-accept-encoding",
      "identity,gzip",
    ];
    if (this.#messages.sendEncoding !== "identity") fields.push("grpc-encoding", this.#messages.sendEncoding);
    this.#stream.headers([...fields, ...metadataToFields(metadata)]);
  }

  onHeaders(fields: string[], endStream: boolean): void {
    this.metadata = metadataOfFields(fields);
    const encoding = fieldValue(fields, "grpc-encoding") ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip") {
      return this.#finish(new GrpcError(Status.unimplemented, `encoding "${encoding}" is not known`));
    }
    this.#messages.reader.encoding = encoding;
    // Who compresses understands compressed answers, if it says so.
    if (encoding === "gzip" && fieldValue(fields, "grpc-accept-encoding")?.includes("gzip")) {
      this.#messages.sendEncoding = "gzip";
    }
    const timeout = fieldValue(fields, "grpc-timeout");
    if (timeout !== undefined) {
      const timeoutMs = parseTimeout(timeout);
      if (timeoutMs === undefined)
        return this.#finish(new GrpcError(Status.internal, "grpc-timeout is malformed"));
      this.#cancelDeadline = this.#settings.clock.schedule(timeoutMs, () =>
        this.#finish(new GrpcError(Status.deadlineExceeded, "the deadline has passed")),
      );
    }
    if (endStream) this.#messages.end();
    void this.#run();
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    const error = this.#messages.push(bytes);
    if (error !== undefined) return this.#finish(error);
    if (endStream) this.#messages.end();
  }

  onTrailers(): void {
    this.#messages.end();
  }

  onReset(code: number, cause: number): void {
    const error = this.#messages.reset(code, cause);
    this.#done = true;
    this.#cancelDeadline();
    this.#abort.abort(error);
  }

  onWritable(): void {
    this.#messages.writable();
  }

  async #run(): Promise<void> {
    try {
      const result = this.#handler(this);
      if (this.#method.responseStream) {
        for await (const response of result as AsyncIterable<Response>) {
          if (this.#done) return;
          this.sendHead();
          await this.#messages.send(response);
        }
      } else {
        const response = await (result as Promise<Response>);
        if (this.#done) return;
        this.sendHead();
        await this.#messages.send(response);
      }
      this.#finish(undefined);
    } catch (error) {
      if (this.#done) return;
      if (!(error instanceof GrpcError)) this.#settings.onError(this.path, error);
      this.#finish(error instanceof GrpcError ? error : new GrpcError(Status.unknown, "the handler failed"));
    }
  }

  /** Sends the status; the rest of a request that is still coming is not wanted any more. */
  #finish(error: GrpcError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#cancelDeadline();
    const stream = this.#stream;
    sendStatus(stream, error?.status ?? Status.ok, error?.message ?? "", [
      ...(error?.metadata ?? []),
      ...this.trailers,
    ]);
    if (error !== undefined) this.#abort.abort(error);
    this.#messages.end(error);
    if (!stream.closed && !stream.remoteEnded && !stream.endQueued) stream.reset(ErrorCode.noError);
  }
}

/** The end of a call: as trailers, or as the only head if none has been sent. */
function sendStatus(stream: Http2Stream, status: number, message: string, metadata: Metadata): void {
  const fields = ["grpc-status", String(status)];
  if (message !== "") fields.push("grpc-message", encodeMessageText(message));
  fields.push(...metadataToFields(metadata));
  if (stream.headSent) stream.trailers(fields);
  else stream.headers([":status", "200", "content-type", "application/grpc", ...fields], true);
}

/** Joins a method and its handler. */
export function implement<Request, Response>(
  method: Method<Request, Response>,
  handler: Handler<Request, Response>,
): Implementation {
  return {
    path: method.path,
    start: (stream, settings) => new Call(stream, method, handler, settings),
  };
}

/** Finds the method when the head is there, then stands back. */
class Reception implements StreamHandler {
  readonly #stream: Http2Stream;
  readonly #methods: ReadonlyMap<string, Implementation>;
  readonly #settings: CallSettings;

  constructor(stream: Http2Stream, methods: ReadonlyMap<string, Implementation>, settings: CallSettings) {
    this.#stream = stream;
    this.#methods = methods;
    this.#settings = settings;
  }

  onHeaders(fields: string[], endStream: boolean): void {
    const stream = this.#stream;
    const type = fieldValue(fields, "content-type") ?? "";
    if (!/^application\/grpc(?:[+;]|$)/.test(type)) return this.#refuse("415");
    if (fieldValue(fields, ":method") !== "POST") return this.#refuse("405");
    const path = fieldValue(fields, ":path") ?? "";
    const method = this.#methods.get(path);
    if (method === undefined) {
      sendStatus(stream, Status.unimplemented, `method ${path} is not known`, []);
      if (!stream.closed) stream.reset(ErrorCode.noError);
      return;
    }
    const handler = method.start(stream, this.#settings);
    stream.handler = handler;
    handler.onHeaders(fields, endStream);
  }

  #refuse(httpStatus: string): void {
    this.#stream.headers([":status", httpStatus], true);
    if (!this.#stream.closed) this.#stream.reset(ErrorCode.noError);
  }

  onInformational(): void {}
  onData(): void {}
  onTrailers(): void {}
  onReset(): void {}
  onWritable(): void {}
}

/** Answers calls of the given methods on any number of connections. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const methods = new Map(options.services.map((each) => [each.path, each]));
  const settings: CallSettings = {
    clock: options.clock ?? systemClock,
    messageBytesMax: options.messageBytesMax,
    onError: options.onError ?? (() => {}),
  };
  const sessions = new Map<Http2Session, () => void>();
  const onStream = (stream: Http2Stream): StreamHandler => new Reception(stream, methods, settings);
  let closing = false;
  return {
    onStream,
    serve(socket) {
      const session = serve(
        socket,
        {
          onStream,
          onEnd() {
            sessions.get(session)?.();
            sessions.delete(session);
          },
        },
        options.limits === undefined ? {} : { limits: options.limits },
      );
      sessions.set(session, () => {});
      if (closing) session.close();
      return session;
    },
    async close() {
      closing = true;
      await Promise.all(
        [...sessions.keys()].map(
          (session) =>
            new Promise<void>((resolve) => {
              sessions.set(session, resolve);
              session.close();
            }),
        ),
      );
    },
  };
}
