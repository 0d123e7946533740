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
import { MessageStream, tooMany } from "./message-stream.ts";
import { fieldValue, type Metadata, metadataOfFields, metadataToFields } from "./metadata.ts";
import type { Method } from "./method.ts";
import { GrpcError, Status } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

/** One call as its handler sees it. */
export interface ServerCall<Request> {
  readonly path: string;
  readonly metadata: Metadata;
  /** Who the connection's certificate says the caller is, where it was checked. */
  readonly peerName: string | undefined;
  /** Requests as they come; for one reader. */
  readonly requests: AsyncIterable<Request>;
  /** The request of a method that has one: it is there before the handler is called. */
  readonly received: Request;
  /** The same, for those who wait for it. */
  request(): Promise<Request>;
  /** Aborted when the caller has cancelled, is gone, or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Sends the head now, with metadata; else it goes with the first response. */
  sendHead(metadata?: Metadata): void;
  /** What goes with the status. */
  trailers: Metadata;
}

/**
 * Answers a call: with a response, now or later, or with a stream of them if the method says so. Throws GrpcError to
 * fail. Of a method that has one request, it is called when that is whole.
 */
export type Handler<Request, Response> = (
  call: ServerCall<Request>,
) => Response | Promise<Response> | AsyncIterable<Response>;

/** A method with its handler; made by `implement`. */
export interface Implementation {
  readonly method: Method<unknown, unknown>;
  readonly handler: Handler<unknown, unknown>;
}

interface CallSettings {
  readonly clock: Clock;
  readonly messageBytesMax: number | undefined;
  readonly onError: (path: string, error: unknown) => void;
  readonly onEnd: (method: Method<unknown, unknown>, status: number) => void;
}

export interface GrpcServerOptions {
  readonly services: readonly Implementation[];
  readonly clock?: Clock;
  /** Default: 4 MiB. */
  readonly messageBytesMax?: number;
  readonly limits?: Partial<Limits>;
  /** Hears what handlers throw beside GrpcError: bugs mostly; callers get UNKNOWN without the text. */
  readonly onError?: (path: string, error: unknown) => void;
  /** Hears how each call of a known method has ended. */
  readonly onEnd?: (method: Method<unknown, unknown>, status: number) => void;
}

export interface GrpcServer {
  /** Speaks gRPC on a connected socket; `peerName` as calls are to have it. */
  serve(socket: Socket, peerName?: string): Http2Session;
  /** For who has a session already: answers one stream. */
  onStream(stream: Http2Stream): StreamHandler;
  /** Takes no new calls; resolves when those under way have ended. */
  close(): Promise<void>;
}

const NOTHING: Metadata = [];
/** What most answers begin and end with. */
const HEAD: readonly string[] = [
  ":status",
  "200",
  "content-type",
  "application/grpc",
  "grpc-accept-encoding",
  "identity,gzip",
];
const TRAILERS_OK: readonly string[] = ["grpc-status", "0"];

class Call implements StreamHandler, ServerCall<unknown> {
  readonly path: string;
  readonly peerName: string | undefined;
  trailers: Metadata = NOTHING;
  readonly #stream: Http2Stream;
  readonly #method: Method<unknown, unknown>;
  readonly #handler: Handler<unknown, unknown>;
  readonly #settings: CallSettings;
  readonly #messages: MessageStream<unknown, unknown>;
  /** The request's; metadata is made of them when it is asked for. */
  #fields: readonly string[] = [];
  #metadata: Metadata | undefined = undefined;
  /** Made when somebody asks for its signal. */
  #abort: AbortController | undefined = undefined;
  #abortReason: GrpcError | undefined = undefined;
  #cancelDeadline: (() => void) | undefined = undefined;
  #received: unknown = undefined;
  #done = false;

  constructor(
    stream: Http2Stream,
    { method, handler }: Implementation,
    peerName: string | undefined,
    settings: CallSettings,
  ) {
    this.path = method.path;
    this.peerName = peerName;
    this.#stream = stream;
    this.#method = method;
    this.#handler = handler;
    this.#settings = settings;
    this.#messages = new MessageStream(method.request, method.response, settings.messageBytesMax);
    this.#messages.stream = stream;
  }

  get requests(): AsyncIterable<unknown> {
    return this.#messages;
  }

  get metadata(): Metadata {
    return (this.#metadata ??= metadataOfFields(this.#fields));
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  get received(): unknown {
    return this.#received;
  }

  request(): Promise<unknown> {
    return this.#method.requestStream ? this.#messages.only() : Promise.resolve(this.received);
  }

  sendHead(metadata: Metadata = NOTHING): void {
    if (this.#stream.headSent || this.#done) return;
    const { sendEncoding } = this.#messages;
    if (sendEncoding === "identity" && metadata.length === 0) return this.#stream.headers(HEAD);
    const fields = [...HEAD];
    if (sendEncoding !== "identity") fields.push("grpc-encoding", sendEncoding);
    fields.push(...metadataToFields(metadata));
    this.#stream.headers(fields);
  }

  onHeaders(fields: string[], endStream: boolean): void {
    this.#fields = fields;
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
    if (this.#method.requestStream) this.#run();
    if (endStream) this.#endRequest();
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    let error = this.#messages.push(bytes);
    if (!this.#method.requestStream && this.#messages.waiting > 1) error ??= tooMany();
    if (error !== undefined) return this.#finish(error);
    if (endStream) this.#endRequest();
  }

  onTrailers(): void {
    this.#endRequest();
  }

  #endRequest(): void {
    this.#messages.end();
    if (!this.#method.requestStream && !this.#done) this.#run();
  }

  onReset(code: number, cause: number): void {
    const error = this.#messages.reset(code, cause);
    if (!this.#done) this.#settings.onEnd(this.#method, error.status);
    this.#done = true;
    this.#cancelDeadline?.();
    this.#abortFor(error);
  }

  onWritable(): void {
    this.#messages.writable();
  }

  #run(): void {
    try {
      if (!this.#method.requestStream) this.#received = this.#messages.takeOnly();
      const result = this.#handler(this);
      if (this.#method.responseStream) void this.#respondAll(result as AsyncIterable<unknown>);
      else if (result instanceof Promise) void this.#respondLater(result);
      else this.#respond(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #respondLater(response: Promise<unknown>): Promise<void> {
    try {
      this.#respond(await response);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #respondAll(responses: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const response of responses) {
        if (this.#done) return;
        this.sendHead();
        if (this.#messages.isWritable) this.#messages.sendNow(response);
        else await this.#messages.send(response);
      }
      this.#finish(undefined);
    } catch (error) {
      this.#fail(error);
    }
  }

  #respond(response: unknown): void {
    if (this.#done) return;
    this.sendHead();
    this.#messages.sendNow(response);
    this.#finish(undefined);
  }

  #fail(error: unknown): void {
    if (this.#done) return;
    if (!(error instanceof GrpcError)) this.#settings.onError(this.path, error);
    this.#finish(error instanceof GrpcError ? error : new GrpcError(Status.unknown, "the handler failed"));
  }

  /** Sends the status; the rest of a request that is still coming is not wanted any more. */
  #finish(error: GrpcError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#cancelDeadline?.();
    this.#settings.onEnd(this.#method, error?.status ?? Status.ok);
    const stream = this.#stream;
    try {
      if (error !== undefined) {
        sendStatus(stream, error.status, error.message, [...error.metadata, ...this.trailers]);
      } else if (stream.headSent && this.trailers.length === 0) stream.trailers(TRAILERS_OK);
      else sendStatus(stream, Status.ok, "", this.trailers);
    } catch (wrong) {
      // The handler's metadata cannot be sent; the caller must hear of an end all the same.
      this.#settings.onError(this.path, wrong);
      sendStatus(stream, Status.internal, "the metadata of the answer cannot be sent", []);
    }
    if (error !== undefined) this.#abortFor(error);
    this.#messages.end(error);
    if (!stream.closed && !stream.remoteEnded && !stream.endQueued) stream.reset(ErrorCode.noError);
  }

  #abortFor(error: GrpcError): void {
    this.#abortReason = error;
    this.#abort?.abort(error);
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
  handler: Handler<NoInfer<Request>, NoInfer<Response>>,
): Implementation {
  return { method, handler: handler as Handler<unknown, unknown> };
}

/** Finds the method when the head is there, then stands back. */
class Reception implements StreamHandler {
  readonly #stream: Http2Stream;
  readonly #methods: ReadonlyMap<string, Implementation>;
  readonly #peerName: string | undefined;
  readonly #settings: CallSettings;

  constructor(
    stream: Http2Stream,
    methods: ReadonlyMap<string, Implementation>,
    peerName: string | undefined,
    settings: CallSettings,
  ) {
    this.#stream = stream;
    this.#methods = methods;
    this.#peerName = peerName;
    this.#settings = settings;
  }

  onHeaders(fields: string[], endStream: boolean): void {
    const stream = this.#stream;
    const type = fieldValue(fields, "content-type") ?? "";
    if (type !== "application/grpc" && !/^application\/grpc[+;]/.test(type)) return this.#refuse("415");
    if (fieldValue(fields, ":method") !== "POST") return this.#refuse("405");
    const path = fieldValue(fields, ":path") ?? "";
    const implementation = this.#methods.get(path);
    if (implementation === undefined) {
      sendStatus(stream, Status.unimplemented, `method ${path} is not known`, []);
      if (!stream.closed) stream.reset(ErrorCode.noError);
      return;
    }
    const handler = new Call(stream, implementation, this.#peerName, this.#settings);
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
  const methods = new Map(options.services.map((each) => [each.method.path, each]));
  const settings: CallSettings = {
    clock: options.clock ?? systemClock,
    messageBytesMax: options.messageBytesMax,
    onError: options.onError ?? (() => {}),
    onEnd: options.onEnd ?? (() => {}),
  };
  const sessions = new Map<Http2Session, () => void>();
  let closing = false;
  return {
    onStream: (stream) => new Reception(stream, methods, undefined, settings),
    serve(socket, peerName) {
      const session = serve(
        socket,
        {
          onStream: (stream) => new Reception(stream, methods, peerName, settings),
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
