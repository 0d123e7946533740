import { ErrorCode, ResetCause } from "./error-code.ts";
import {
  Flag,
  FrameType,
  PREFACE,
  STREAM_ID_LARGEST,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_LARGEST,
} from "./frame.ts";
import { FieldBlock } from "./field-block.ts";
import { FloodGuard } from "./flood-guard.ts";
import { FrameReader, Token } from "./frame-reader.ts";
import { End } from "./graves.ts";
import { FrameShape, frameShape, shapeError, shapeText } from "./frame-shape.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { checkLimits, defaultLimits, type Limits } from "./limits.ts";
import { MessageRules, TOO_LARGE } from "./message-rules.ts";
import type { OpenStreams } from "./open-streams.ts";
import { Patience } from "./patience.ts";
import { CLOSE_PING, LIFE_PING } from "./ping.ts";
import { Sender } from "./sender.ts";
import { initialPeerSettings, ownSettings, type PeerSettings, readSettings } from "./settings.ts";
import type { SessionOptions, SessionOwner } from "./session-owner.ts";
import { StreamTable, type TableHome } from "./stream-table.ts";
import { Http2Stream, type StreamHandler } from "./stream.ts";

const EMPTY = Buffer.alloc(0);

/**
 * One HTTP/2 connection (RFC 9113), of either kind, without sockets or timers: bytes go in by `receive`, out by the
 * owner's `write`, time by `tick`. Invariants: what handlers hear depends on the bytes alone, not on how they were
 * cut; a stream's window is given back by its user's `consume` only; whatever a peer can make us do is limited.
 * Budget: 3 µs per unary exchange, codec only. Benchmark: grpc.
 */
export class Http2Session implements TableHome {
  readonly limits: Limits;
  readonly peer: PeerSettings = initialPeerSettings();
  readonly streams: OpenStreams;
  /** The peer takes no new streams, or we do not. */
  peerClosing = false;
  closing = false;
  ended = false;

  readonly #isServer: boolean;
  readonly #extendedConnect: boolean;
  readonly #owner: SessionOwner;
  readonly #reader: FrameReader;
  readonly #decoder: HpackDecoder;
  readonly #rules: MessageRules = new MessageRules();
  readonly #sender: Sender;
  readonly #guard: FloodGuard;
  readonly #patience: Patience;
  readonly #table: StreamTable;
  readonly #block: FieldBlock = new FieldBlock();

  #settingsReceived = false;
  #settingsAcknowledged = false;
  #lastPeerStreamId = 0;
  #nextStreamId = 1;
  /** Streams above are not ours to process any more: what our GOAWAY said. */
  #goawayLastId = STREAM_ID_LARGEST;
  #closePingSent = false;
  #dataStream: Http2Stream | undefined = undefined;
  #nowMs = -1;

  constructor(options: SessionOptions) {
    this.limits = { ...defaultLimits, ...options.limits };
    checkLimits(this.limits);
    this.#guard = new FloodGuard(options.rates);
    this.#patience = new Patience(this.limits);
    this.#isServer = options.kind === "server";
    this.#extendedConnect = this.#isServer && options.extendedConnect === true;
    this.#owner = options.owner;
    this.#reader = new FrameReader(this.#isServer);
    this.#decoder = new HpackDecoder({
      listBytesMax: this.limits.fieldListBytesMax,
      fieldsMax: this.limits.fieldsMax,
    });
    this.#sender = new Sender(
      {
        write: (bytes) => this.#owner.write(bytes),
        schedule: (flush) => this.#owner.schedule(flush),
        streamEnded: (stream) => this.#table.localEnd(stream),
      },
      this.limits.streamQueueBytesMax,
    );
    this.#table = new StreamTable(this, this.#isServer, this.#sender, this.limits, this.#guard);
    this.streams = this.#table.streams;
    const { writer } = this.#sender;
    if (!this.#isServer) writer.bytes(PREFACE);
    writer.settings(ownSettings(this.limits, this.#isServer, this.#extendedConnect));
    const more = this.limits.connectionWindowBytes - WINDOW_BYTES_DEFAULT;
    if (more > 0) writer.windowUpdate(0, more);
    this.#sender.touch();
  }

  /** Streams that a client can open now. */
  get capacity(): number {
    if (this.ended || this.closing || this.peerClosing || this.#nextStreamId > STREAM_ID_LARGEST) return 0;
    const most = Math.min(this.peer.streamsMax, this.limits.streamsMax);
    return Math.max(0, most - this.streams.size);
  }

  /** Opens a stream with a request; undefined when there is no capacity. Throws if a field cannot be sent. */
  request(fields: readonly string[], endStream: boolean, handler: StreamHandler): Http2Stream | undefined {
    if (this.#isServer || this.capacity === 0) return undefined;
    const { peer, limits } = this;
    const stream = new Http2Stream(
      this.#nextStreamId,
      this.#table,
      peer.windowBytes,
      limits.streamWindowBytes,
    );
    stream.handler = handler;
    stream.toHead = fields[1] === "HEAD" && fields[0] === ":method";
    stream.headSent = true;
    this.#sender.headers(stream, fields, endStream);
    this.#nextStreamId += 2;
    this.streams.add(stream);
    stream.localEnded = endStream;
    return stream;
  }

  /** The connection takes more. */
  drained(): void {
    this.#sender.drained();
  }

  /** Bytes from the peer; they are kept by views that handlers get. */
  receive(chunk: Buffer): void {
    const reader = this.#reader;
    reader.feed(chunk);
    while (!this.ended) {
      switch (reader.next()) {
        case Token.data:
          this.#onDataPiece(reader);
          break;
        case Token.frame:
          this.#onFrame(reader);
          break;
        case Token.more:
          if (this.#sender.isOverfull(this.limits.outgoingBytesMax))
            this.fail(ErrorCode.enhanceYourCalm, "too many answers wait to be read");
          return;
        case Token.notHttp2:
          this.fail(ErrorCode.protocolError, "the preface is missing");
          return;
        case Token.tooLong:
          this.fail(ErrorCode.frameSizeError, "a frame is longer than our settings allow");
          return;
        default:
          this.fail(ErrorCode.protocolError, "padding is longer than its frame");
          return;
      }
    }
  }

  /** The peer sends no more, or the connection is lost: every stream still open has ended. */
  disconnected(): void {
    if (this.ended) return;
    this.ended = true;
    this.#table.drop(ErrorCode.cancel, ResetCause.connection);
    this.#owner.onEnd(ErrorCode.noError, "the connection was closed");
  }

  /** Ends in order: no new streams, those under way go on, then `onEnd`. */
  close(): void {
    if (this.closing || this.ended) return;
    this.closing = true;
    const { writer } = this.#sender;
    // First only a warning, since requests may be under way; what has come when the PING is back is served (§6.8).
    writer.goaway(this.#isServer ? STREAM_ID_LARGEST : 0, ErrorCode.noError, "");
    if (this.#isServer) {
      writer.ping(false, CLOSE_PING, 0);
      this.#closePingSent = true;
    }
    this.#sender.touch();
    this.#endIfDone();
  }

  /** Asks the peer for a sign of life (§6.7): whatever it sends is one. */
  ping(): void {
    if (this.ended) return;
    this.#sender.writer.ping(false, LIFE_PING, 0);
    this.#sender.touch();
  }

  /** Ends at once: the peer is told, every stream is reset. */
  fail(code: number, reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.#sender.writer.goaway(this.#lastPeerStreamId, code, reason);
    this.#table.drop(code, ResetCause.rule);
    this.#sender.flushAll();
    this.#owner.onEnd(code, reason);
  }

  /** Gives time: about once a second. Limits per second need it, and the timeouts. */
  tick(nowMs: number): void {
    if (this.ended) return;
    const elapsedMs = this.#nowMs < 0 ? 0 : nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    this.#guard.refill(elapsedMs);
    this.#checkAnswer(nowMs);
    if (this.ended) return;
    if (this.#patience.isStalled(this.#sender, nowMs)) {
      this.fail(ErrorCode.enhanceYourCalm, "nothing could be written for too long");
    } else this.#patience.endStalled(this.#table, nowMs);
  }

  #checkAnswer(nowMs: number): void {
    const saidGoodbye = this.#awaitsGoodbye;
    const begun = this.#settingsReceived && this.#block.streamId === 0;
    const owed = !begun || !this.#settingsAcknowledged || saidGoodbye;
    if (!this.#patience.answerIsLate(owed, nowMs)) return;
    if (!begun) this.fail(ErrorCode.enhanceYourCalm, "a preface or field block did not come in time");
    else if (saidGoodbye) this.#goodbye();
    else this.fail(ErrorCode.settingsTimeout, "our settings were not acknowledged in time");
  }

  get #awaitsGoodbye(): boolean {
    return this.#closePingSent && this.#goawayLastId === STREAM_ID_LARGEST;
  }

  streamRemoved(): void {
    if (!this.#isServer && !this.ended) this.#owner.onCapacity();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.ended || this.streams.size > 0 || !(this.closing || this.peerClosing)) return;
    if (this.#isServer && this.closing && this.#goawayLastId === STREAM_ID_LARGEST) return;
    this.ended = true;
    this.#sender.flushAll();
    this.#owner.onEnd(ErrorCode.noError, "closed in order");
  }

  #ignore(): void {
    if (!this.#guard.ignored.take()) this.fail(ErrorCode.enhanceYourCalm, "too many frames without effect");
  }

  // Frames.

  #onFrame(reader: FrameReader): void {
    const { type, streamId, length, flags, input, start, end } = reader;
    if (
      this.#block.streamId !== 0 &&
      (type !== FrameType.continuation || streamId !== this.#block.streamId)
    ) {
      return this.fail(ErrorCode.protocolError, "a frame within a field block");
    }
    if (!this.#settingsReceived && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      return this.fail(ErrorCode.protocolError, "the first frame is not SETTINGS");
    }
    const shape = frameShape(type, streamId, length);
    if (shape !== FrameShape.right) return this.#onWrongShape(shape, type, streamId);
    switch (type) {
      case FrameType.headers:
        return this.#onHeaders(flags, streamId, input, start, end);
      case FrameType.continuation:
        return this.#onContinuation(flags, input, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(streamId, input.readUInt32BE(start) & 0x7fffffff);
      case FrameType.rstStream:
        return this.#onRstStream(streamId, input.readUInt32BE(start));
      case FrameType.settings:
        return this.#onSettings(flags, input, start, end);
      case FrameType.ping:
        return this.#onPing(flags, input, start);
      case FrameType.goaway:
        return this.#onGoaway(input.readUInt32BE(start) & 0x7fffffff, input.readUInt32BE(start + 4));
      case FrameType.priority:
        return this.#onPriority(streamId, input.readUInt32BE(start) & 0x7fffffff);
      default: // PRIORITY_UPDATE, and what nobody knows (§5.5)
        return this.#ignore();
    }
  }

  #onWrongShape(shape: number, type: number, streamId: number): void {
    const stream = this.streams.get(streamId);
    // A PRIORITY of a wrong length concerns its stream alone (§6.3).
    if (type === FrameType.priority && stream !== undefined) {
      return this.#table.streamError(stream, ErrorCode.frameSizeError);
    }
    this.fail(shapeError(shape), shapeText(shape));
  }

  /** True for a stream that has never been used by either end: frames for it are a mistake of the peer. */
  #isIdle(streamId: number): boolean {
    const byPeer = (streamId & 1) === (this.#isServer ? 1 : 0);
    return byPeer ? streamId > this.#lastPeerStreamId : streamId >= this.#nextStreamId || this.#isServer;
  }

  #onHeaders(flags: number, streamId: number, input: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    if ((flags & Flag.padded) !== 0) {
      end -= start < to ? input[start]! : 0;
      start++;
    }
    let selfDependent = false;
    if ((flags & Flag.priority) !== 0) {
      selfDependent = end - start >= 5 && (input.readUInt32BE(start) & 0x7fffffff) === streamId;
      start += 5;
    }
    if (start > end) return this.fail(ErrorCode.protocolError, "padding is longer than its frame");
    if ((flags & Flag.endHeaders) !== 0) {
      return this.#onBlock(streamId, flags, selfDependent, input, start, end);
    }
    this.#block.begin(streamId, flags, selfDependent);
    this.#block.add(input, start, end);
  }

  #onContinuation(flags: number, input: Buffer, start: number, end: number): void {
    const block = this.#block;
    const { streamId } = block;
    if (streamId === 0) return this.fail(ErrorCode.protocolError, "CONTINUATION without HEADERS");
    block.add(input, start, end);
    if (block.bytes > this.limits.fieldBlockBytesMax || block.frames > this.limits.continuationsMax) {
      return this.fail(ErrorCode.enhanceYourCalm, "a field block is too large or in too many frames");
    }
    if ((flags & Flag.endHeaders) === 0) return;
    const whole = block.take();
    this.#onBlock(streamId, block.flags, block.selfDependent, whole, 0, whole.length);
  }

  /** A whole field block. It is decoded whatever becomes of it, as the table must stay in step (§4.3). */
  #onBlock(
    streamId: number,
    flags: number,
    selfDependent: boolean,
    input: Buffer,
    start: number,
    end: number,
  ): void {
    const decoder = this.#decoder;
    if (!decoder.decode(input, start, end)) {
      return this.fail(ErrorCode.compressionError, "a field block cannot be decoded");
    }
    const endStream = (flags & Flag.endStream) !== 0;
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      if (selfDependent) return this.#table.streamError(stream, ErrorCode.protocolError);
      if (stream.remoteEnded) return this.#table.streamError(stream, ErrorCode.streamClosed);
      if (stream.headReceived) return this.#onTrailers(stream, endStream);
      return this.#onResponse(stream, endStream);
    }
    if (!this.#isIdle(streamId)) return this.#onLateBlock(streamId);
    if (!this.#isServer || (streamId & 1) === 0) {
      return this.fail(ErrorCode.protocolError, "HEADERS on a stream that the peer cannot open");
    }
    this.#lastPeerStreamId = streamId;
    if (streamId > this.#goawayLastId) return this.#table.graves.bury(streamId, End.byUs);
    if (selfDependent) return this.#table.refuse(streamId, ErrorCode.protocolError);
    if (this.streams.size >= this.limits.streamsMax)
      return this.#table.refuse(streamId, ErrorCode.refusedStream);
    this.#onRequest(streamId, endStream);
  }

  #onLateBlock(streamId: number): void {
    const { graves } = this.#table;
    const end = graves.endOf(streamId);
    if (end === End.byUs) return this.#ignore();
    if (end === End.inOrder) return this.fail(ErrorCode.streamClosed, "HEADERS on a closed stream");
    if (this.#isServer && graves.neverOpened(streamId, this.#lastPeerStreamId)) {
      return this.fail(ErrorCode.protocolError, "streams are not opened in order");
    }
    this.#table.refuse(streamId, ErrorCode.streamClosed);
  }

  #onRequest(streamId: number, endStream: boolean): void {
    const { fields, kinds, tooLarge } = this.#decoder;
    const rules = this.#rules;
    const { peer, limits } = this;
    if (!tooLarge && !rules.isRequest(fields, kinds, this.#extendedConnect)) {
      return this.#table.refuse(streamId, ErrorCode.protocolError);
    }
    const length = tooLarge ? -1 : rules.contentLength;
    if (endStream && length > 0) return this.#table.refuse(streamId, ErrorCode.protocolError);
    const stream = new Http2Stream(streamId, this.#table, peer.windowBytes, limits.streamWindowBytes);
    this.streams.add(stream);
    stream.headReceived = true;
    stream.remoteEnded = endStream;
    if (tooLarge) {
      stream.headers(TOO_LARGE, true);
      if (!stream.closed) this.#table.sendReset(stream, ErrorCode.noError);
      return this.#table.countReset();
    }
    stream.contentLength = rules.isConnect ? -1 : length;
    stream.toHead = rules.method === "HEAD";
    const handler = this.#owner.onStream(stream);
    stream.handler = handler;
    if (!stream.closed) handler.onHeaders(fields, endStream);
  }

  #onResponse(stream: Http2Stream, endStream: boolean): void {
    const { fields, kinds, tooLarge } = this.#decoder;
    const rules = this.#rules;
    if (tooLarge) return this.#table.streamError(stream, ErrorCode.enhanceYourCalm);
    if (!rules.isResponse(fields, kinds)) return this.#table.streamError(stream, ErrorCode.protocolError);
    if (rules.status < 200) {
      if (endStream) return this.#table.streamError(stream, ErrorCode.protocolError);
      // Each is an event for the user and none is an end: they count as frames without effect.
      this.#ignore();
      if (!this.ended) stream.handler?.onInformational(fields);
      return;
    }
    stream.headReceived = true;
    const bodiless = stream.toHead || rules.status === 304 || rules.status === 204;
    if (!bodiless) {
      stream.contentLength = rules.contentLength;
      if (endStream && stream.contentLength > 0)
        return this.#table.streamError(stream, ErrorCode.protocolError);
    }
    stream.remoteEnded = endStream;
    stream.handler?.onHeaders(fields, endStream);
    if (endStream && stream.localEnded) this.#table.complete(stream);
  }

  #onTrailers(stream: Http2Stream, endStream: boolean): void {
    const { fields, kinds, tooLarge } = this.#decoder;
    if (tooLarge) return this.#table.streamError(stream, ErrorCode.enhanceYourCalm);
    const whole = stream.contentLength < 0 || stream.contentBytes === stream.contentLength;
    if (!endStream || !whole || !this.#rules.isTrailers(fields, kinds)) {
      return this.#table.streamError(stream, ErrorCode.protocolError);
    }
    stream.remoteEnded = true;
    stream.handler?.onTrailers(fields);
    if (stream.localEnded) this.#table.complete(stream);
  }

  #onDataPiece(reader: FrameReader): void {
    if (reader.first) {
      this.#beginData(reader);
      if (this.ended) return;
    }
    const stream = this.#dataStream;
    if (stream === undefined) return;
    const length = reader.end - reader.start;
    const endStream = reader.last && (reader.flags & Flag.endStream) !== 0;
    if (length === 0 && !endStream) return;
    if (endStream) stream.remoteEnded = true;
    stream.handler?.onData(length === 0 ? EMPTY : reader.input.subarray(reader.start, reader.end), endStream);
    if (endStream && stream.localEnded) this.#table.complete(stream);
  }

  /** The head of a DATA frame: windows are charged for all of it at once. */
  #beginData(reader: FrameReader): void {
    const { streamId, length, flags, padding } = reader;
    this.#dataStream = undefined;
    if (!this.#settingsReceived) return this.fail(ErrorCode.protocolError, "the first frame is not SETTINGS");
    if (this.#block.streamId !== 0) return this.fail(ErrorCode.protocolError, "a frame within a field block");
    if (streamId === 0) return this.fail(ErrorCode.protocolError, "DATA without a stream");
    if (length > this.#table.receiveWindow)
      return this.fail(ErrorCode.flowControlError, "DATA beyond the window");
    this.#table.receiveWindow -= length;
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.#isIdle(streamId)) return this.fail(ErrorCode.protocolError, "DATA on an idle stream");
      this.#table.giveBackToConnection(length);
      if (this.#table.graves.endOf(streamId) === End.byUs) return this.#ignore();
      return this.#table.refuse(streamId, ErrorCode.streamClosed);
    }
    stream.unconsumed += length;
    if (stream.remoteEnded) return this.#table.streamError(stream, ErrorCode.streamClosed);
    if (!stream.headReceived) return this.#table.streamError(stream, ErrorCode.protocolError);
    if (length > stream.receiveWindow) return this.#table.streamError(stream, ErrorCode.flowControlError);
    stream.receiveWindow -= length;
    stream.contentBytes += length - padding;
    if (stream.contentLength >= 0) {
      // Decided for the whole frame, so that it does not depend on the pieces it comes in.
      const missing = stream.contentLength - stream.contentBytes;
      if (missing < 0 || (missing > 0 && (flags & Flag.endStream) !== 0)) {
        return this.#table.streamError(stream, ErrorCode.protocolError);
      }
    }
    this.#dataStream = stream;
    if (length > padding) {
      this.#guard.pings.giveBack(1);
    } else if ((flags & Flag.endStream) === 0 && !this.#guard.emptyData.take()) {
      return this.fail(ErrorCode.enhanceYourCalm, "too much DATA without data");
    }
    if (padding > 0) this.#table.giveBack(stream, padding);
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    const sender = this.#sender;
    this.#guard.sentData(sender.dataFrames);
    if (!this.#guard.windowUpdates.take())
      return this.fail(ErrorCode.enhanceYourCalm, "too many WINDOW_UPDATEs");
    if (streamId === 0) {
      if (increment === 0) return this.fail(ErrorCode.protocolError, "WINDOW_UPDATE by 0");
      sender.window += increment;
      if (sender.window > WINDOW_BYTES_LARGEST) {
        return this.fail(ErrorCode.flowControlError, "the window is beyond 2^31-1");
      }
      sender.touch();
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.#isIdle(streamId)) this.fail(ErrorCode.protocolError, "WINDOW_UPDATE on an idle stream");
      return;
    }
    if (increment === 0) return this.#table.streamError(stream, ErrorCode.protocolError);
    stream.sendWindow += increment;
    if (stream.sendWindow > WINDOW_BYTES_LARGEST)
      return this.#table.streamError(stream, ErrorCode.flowControlError);
    sender.enqueue(stream);
  }

  #onRstStream(streamId: number, code: number): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.#isIdle(streamId)) return this.fail(ErrorCode.protocolError, "RST_STREAM on an idle stream");
      return this.#ignore();
    }
    this.#table.remove(stream, End.byPeer);
    const unprocessed = !this.#isServer && code === ErrorCode.refusedStream;
    stream.handler?.onReset(code, unprocessed ? ResetCause.unprocessed : ResetCause.peer);
    // A server that needs no more of a request says so after its answer: that is in order (§8.1).
    if (this.#isServer || !stream.headReceived) this.#table.countReset();
  }

  #onSettings(flags: number, input: Buffer, start: number, end: number): void {
    if ((flags & Flag.ack) !== 0) {
      if (end > start) return this.fail(ErrorCode.frameSizeError, "SETTINGS acknowledged with a payload");
      this.#settingsAcknowledged = true;
      return;
    }
    if (!this.#guard.settings.take()) return this.fail(ErrorCode.enhanceYourCalm, "too many SETTINGS");
    const { peer } = this;
    const windowBytes = peer.windowBytes;
    // Until now a guess; who sends SETTINGS without a limit has none (§6.5.2).
    if (!this.#settingsReceived) peer.streamsMax = Number.POSITIVE_INFINITY;
    const error = readSettings(input, start, end, peer, !this.#isServer);
    if (error !== ErrorCode.noError) return this.fail(error, "a setting has no such value");
    this.#settingsReceived = true;
    const sender = this.#sender;
    sender.frameBytesMax = peer.frameBytes;
    sender.encoder.resize(peer.tableBytes);
    const change = peer.windowBytes - windowBytes;
    // Windows change by the difference and may become negative (§6.9.2).
    if (change !== 0) {
      for (const stream of this.streams.all()) {
        stream.sendWindow += change;
        if (stream.sendWindow > WINDOW_BYTES_LARGEST) {
          return this.fail(ErrorCode.flowControlError, "a stream's window is beyond 2^31-1");
        }
        sender.enqueue(stream);
      }
    }
    sender.writer.settingsAck();
    sender.touch();
    if (!this.#isServer) this.#owner.onCapacity();
  }

  #onPing(flags: number, input: Buffer, start: number): void {
    if ((flags & Flag.ack) === 0) {
      if (!this.#guard.pings.take()) return this.fail(ErrorCode.enhanceYourCalm, "too many PINGs");
      this.#sender.writer.ping(true, input, start);
      this.#sender.touch();
    } else if (this.#awaitsGoodbye && input[start + 7] === CLOSE_PING[7]) this.#goodbye();
    else this.#ignore();
  }

  /** What was under way when we gave warning has arrived: now nothing more is taken. */
  #goodbye(): void {
    this.#goawayLastId = this.#lastPeerStreamId;
    this.#sender.writer.goaway(this.#lastPeerStreamId, ErrorCode.noError, "");
    this.#sender.touch();
    this.#endIfDone();
  }

  #onGoaway(lastStreamId: number, code: number): void {
    if (!this.#guard.settings.take()) return this.fail(ErrorCode.enhanceYourCalm, "too many GOAWAYs");
    this.peerClosing = true;
    if (!this.#isServer) {
      for (const stream of this.streams.all()) {
        if (stream.id <= lastStreamId) continue;
        this.#table.remove(stream, End.byUs);
        stream.handler?.onReset(ErrorCode.refusedStream, ResetCause.unprocessed);
      }
    }
    this.#owner.onGoaway(lastStreamId, code);
    if (this.#isServer && code === ErrorCode.noError) this.close();
    this.#endIfDone();
  }

  /** Priorities are not followed, but a stream that depends on itself is an error since RFC 7540. */
  #onPriority(streamId: number, dependsOn: number): void {
    if (dependsOn !== streamId) return this.#ignore();
    const stream = this.streams.get(streamId);
    if (stream !== undefined) return this.#table.streamError(stream, ErrorCode.protocolError);
    this.fail(ErrorCode.protocolError, "a stream depends on itself");
  }
}
