import { problemText, Token } from "@plinth/http1";
import { AnswerWriter } from "./answer-writer.ts";
import { Attempts, type Sender, type TimeoutName } from "./attempts.ts";
import type { Callee } from "./callee.ts";
import type { Edge } from "./edge.ts";
import type { Share } from "./fair/share.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { judge, restIsThere } from "./judge.ts";
import { keepAliveMs } from "./keep-alive.ts";
import { KeptBody } from "./kept-body.ts";
import { CONNECT_ATTEMPTS_MAX, CONNECT_TIMEOUT_MS, DISCARD_BYTES_MAX, RESEND_MAX } from "./limits.ts";
import { defaultPolicy, type Policy } from "./policy.ts";
import type { RefusalCode } from "./refusal.ts";
import type { Requester } from "./requester.ts";
import { spent } from "./read-buffers.ts";
import { Tally } from "./seeing/tally.ts";
import type { Surroundings } from "./surroundings.ts";
import { timeoutRefusal } from "./timeout-refusal.ts";
import type { ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";

const Phase = {
  none: 0,
  waiting: 1,
  connecting: 2,
  sent: 3,
  answering: 4,
  bodyLeft: 5,
  tunnel: 6,
  backoff: 7,
} as const;

/**
 * One request on its way to an instance and back; a client connection has one and uses it again and again.
 * Invariants: the request is kept until its answer is passed on, unless it is long or may not be repeated, so that it
 * can be sent again; an upstream connection goes back to its pool only when request and response were
 * whole and nothing followed them. Budget: one read and one write per direction for a small message. Benchmark: http1.
 */
export class Exchange implements ConnectionUser, Sender {
  // The request: set by the client connection before `dispatch`.
  method = "";
  toHead = false;
  /** 0 when the client speaks HTTP/1.0. */
  clientMinor = 1;
  wantsUpgrade = false;
  /** The client waits for 100 before it sends the body. */
  awaitsContinue = false;
  requestDone = false;
  /** First bytes as they go out: the head, and body bytes that came with it unless those are in `firstBody`. */
  firstBytes: Buffer | undefined = undefined;
  firstBody: Buffer | undefined = undefined;
  startedMs = 0;

  readonly share: Share | undefined;
  callee: Callee | undefined = undefined;
  /** Of the route that took the request. */
  #policy: Policy = defaultPolicy;
  readonly tally: Tally;

  readonly #requester: Requester;
  readonly #around: Surroundings;
  readonly #writer: AnswerWriter;
  #phase: number = Phase.none;
  #endpoint: InstanceEndpoint | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  readonly #attempts: Attempts;
  readonly #keptBody: KeptBody;
  #connectAttempts = 0;
  /** A connection was lost: others of its pool may be stale as well. */
  #lostOne = false;
  /** An answer before the answer has been passed on. */
  #interimPassed = false;
  #connectingSinceMs = 0;
  #sentMs = 0;
  /** Some byte of an answer has arrived: the request cannot be sent again. */
  #heard = false;
  /** Status of the answer passed on; 0 before. */
  #status = 0;
  #keepMs = 0;
  #discardedBytes = 0;
  #connectProblem = "";

  constructor(requester: Requester, around: Surroundings) {
    this.#requester = requester;
    this.share = requester.share;
    this.#keptBody = new KeptBody(this.share);
    this.#around = around;
    this.#writer = new AnswerWriter(requester);
    this.#attempts = new Attempts(this, around);
    this.tally = new Tally(this.#attempts);
  }

  get active(): boolean {
    return this.#phase !== Phase.none;
  }

  /** Bytes of an answer have gone to the client. */
  get answerBegun(): boolean {
    return this.#status !== 0;
  }

  /** No instance has the request yet. */
  get queued(): boolean {
    const phase = this.#phase;
    return phase === Phase.waiting || phase === Phase.connecting || phase === Phase.backoff;
  }

  /** How long neither side may send anything. */
  get idleMs(): number {
    return this.#policy.idleMs;
  }

  get #repeatable(): boolean {
    return this.#policy.retryMethods.has(this.method);
  }

  dispatch(callee: Callee, edge: Edge, policy: Policy): void {
    this.callee = callee;
    this.#policy = policy;
    this.#connectAttempts = 0;
    this.#lostOne = false;
    this.#interimPassed = false;
    this.#keptBody.clear();
    this.#sentMs = this.startedMs;
    this.#heard = false;
    this.#status = 0;
    this.#connectProblem = "";
    this.tally.begin(edge, policy, this.startedMs);
    this.#choose(undefined);
  }

  #choose(avoid: InstanceEndpoint | undefined): void {
    const nowMs = this.#around.ticker.nowMs;
    const endpoint = this.callee!.pick(nowMs, avoid);
    if (endpoint === undefined) {
      this.#wait();
      return;
    }
    this.#endpoint = endpoint;
    const { pair } = this.tally.edge!;
    endpoint.begin(this.tally.edge);
    const repeatable = this.requestDone && this.#repeatable;
    // Where one connection turned out stale, others of its pool may be as well: connect anew.
    const idle = this.#lostOne ? undefined : endpoint.takeIdle(this, repeatable, nowMs, pair);
    const connection = idle ?? endpoint.connect(this, pair);
    connection.decoder.toHead = this.toHead;
    this.#connection = connection;
    if (idle !== undefined) {
      this.#send(connection);
      return;
    }
    this.#phase = Phase.connecting;
    this.#connectingSinceMs = nowMs;
    // Without a body to hold back, reading goes on: it is how one learns that the client has gone.
    if (!this.requestDone) this.#requester.pauseRequest();
  }

  #send(connection: UpstreamConnection): void {
    this.#phase = Phase.sent;
    this.tally.sighting?.sent(this.#endpoint!, this.firstBytes);
    const ready = this.#keptBody.send(connection, this.firstBytes!, this.firstBody);
    if (this.requestDone) {
      this.#attempts.awaitResponse();
      return;
    }
    if (ready) this.#requester.resumeRequest();
    else this.#requester.pauseRequest();
  }

  /** Queues the request until a snapshot or a scout finds an instance. */
  #wait(): void {
    const callee = this.callee!;
    if (this.#around.clock.monotonic() - this.startedMs >= callee.holdMs) {
      this.#refuseEmpty();
      return;
    }
    const refusal = callee.admit(this, this.startedMs, this.#around.ticker.nowMs);
    if (refusal !== undefined) {
      this.#refuse(503, refusal.code, refusal.text);
      return;
    }
    this.#phase = Phase.waiting;
    if (!this.requestDone) this.#requester.pauseRequest();
  }

  #refuseEmpty(): void {
    const { holdMs } = this.callee!;
    const { code, text } = this.callee!.emptyRefusal(this.#connectProblem);
    const waited = holdMs === 0 ? "" : `; waited ${(holdMs / 1_000).toFixed(1)} s`;
    this.#refuse(503, code, `${text}${waited}`);
  }

  wake(): void {
    this.#connectAttempts = 0;
    this.sendAgain();
  }

  /** Timeouts of the policy, of waiting and of connecting; those of a silent peer are the requester's. True when one was over. */
  tick(nowMs: number): boolean {
    if (this.#attempts.tick(nowMs)) return true;
    if (this.#phase === Phase.waiting && nowMs - this.startedMs >= this.callee!.holdMs) {
      this.callee!.stopWaiting(this);
      this.#refuseEmpty();
    } else if (this.#phase === Phase.connecting && nowMs - this.#connectingSinceMs >= CONNECT_TIMEOUT_MS) {
      this.#connectFailed(`no answer within ${CONNECT_TIMEOUT_MS / 1_000} s`);
    } else {
      return false;
    }
    return true;
  }

  timedOut(which: TimeoutName): void {
    const endpoint = this.#endpoint;
    if (this.#phase === Phase.sent) endpoint!.late(this.#around.clock.monotonic(), this.#sentMs);
    if (which === "response" && this.#policy.retryStatuses.has(504) && this.#maySendAgain()) {
      this.#drop();
      this.#sendElsewhere(endpoint!);
      return;
    }
    if (this.#phase === Phase.waiting) this.callee!.stopWaiting(this);
    const { code, text } = timeoutRefusal(which, this.#policy, endpoint?.label ?? this.callee!.key);
    if (this.#status === 0) this.#refuse(504, code, text);
    else this.#breakOff(code);
  }

  /** Whether what was sent is still at hand, harmless to repeat, and within limit and budget. */
  #maySendAgain(): boolean {
    if (this.#interimPassed || this.firstBytes === undefined || !this.#repeatable) return false;
    return this.#attempts.take(this.#policy.retryLimit);
  }

  /** Sends the request again: to another instance, or in a moment to the same. */
  #sendElsewhere(avoid: InstanceEndpoint): void {
    this.#heard = false;
    this.#attempts.stopResponse();
    this.#phase = Phase.backoff;
    if (!this.requestDone) this.#requester.pauseRequest();
    if (this.callee!.endpoints.length > 1) this.sendAgain(avoid);
    else this.#attempts.backOff();
  }

  sendAgain(avoid?: InstanceEndpoint): void {
    this.#sentMs = this.#around.clock.monotonic();
    this.#choose(avoid);
  }

  /** The instance has been silent for too long. */
  timeOut(): void {
    // A paused connection means that the client does not read: not the instance's fault.
    if (this.#connection?.paused === false)
      this.#endpoint!.failed(this.#around.ticker.nowMs, this.#around.random);
    if (this.#status === 0)
      this.#refuse(504, "upstream-timeout", `${this.#endpoint!.label} did not answer in time`);
    else this.#breakOff("upstream-timeout");
  }

  /** More of the request's body, as framed. `last` once it is whole. */
  sendBody(bytes: Buffer | undefined, last: boolean): void {
    this.requestDone = last;
    const connection = this.#connection;
    if (connection === undefined) {
      this.#discardedBytes += bytes === undefined ? 0 : bytes.length;
      if (last || this.#discardedBytes > DISCARD_BYTES_MAX) this.#complete();
      return;
    }
    if (bytes !== undefined) {
      if (this.firstBytes !== undefined && !(this.#repeatable && this.#keptBody.add(bytes)))
        this.#forgetRequest();
      if (!connection.write(bytes) && !last) this.#requester.pauseRequest();
    }
    if (!last) return;
    if (this.#phase === Phase.bodyLeft) this.#complete();
    else if (this.#phase === Phase.sent) this.#attempts.awaitResponse();
  }

  /** All of the body so far is on its way, and none of it is kept. */
  get bodyGone(): boolean {
    return this.firstBytes === undefined && this.#connection?.flushed === true;
  }

  /** It cannot be sent again from now on. */
  #forgetRequest(): void {
    this.firstBytes = undefined;
    this.firstBody = undefined;
    this.#keptBody.clear();
  }

  /** The client's side can take more. */
  requesterDrained(): void {
    this.#connection?.resume();
  }

  /** False: the instance cannot take more for now; `resumeRequest` tells when. */
  tunnelWrite(bytes: Buffer): boolean {
    return this.#connection === undefined || this.#connection.write(bytes);
  }

  tunnelEnd(): void {
    this.#connection?.end();
  }

  /** The client has ended both ways: what is still on its way to the instance may arrive. */
  leaveTunnel(): void {
    const connection = this.#connection!;
    connection.end();
    connection.user = undefined;
    this.#connection = undefined;
    this.#drop();
    this.#phase = Phase.none;
  }

  /** The client is gone, or its request turned out malformed half-way. */
  abort(): void {
    if (this.#phase === Phase.waiting) this.callee!.stopWaiting(this);
    this.#endpoint?.ejection.abandonProbe();
    this.tally.abandoned();
    this.#stop();
  }

  upstreamConnected(): void {
    this.#sentMs = this.#around.clock.monotonic();
    const connection = this.#connection!;
    this.#send(connection);
    this.callee!.wakeAll();
  }

  upstreamDrained(): void {
    if (this.#phase === Phase.tunnel || !this.requestDone) this.#requester.resumeRequest();
  }

  upstreamData(chunk: Buffer): void {
    this.#requester.touch();
    const connection = this.#connection!;
    if (this.#phase === Phase.tunnel) {
      if (!this.#requester.write(chunk)) connection.pause();
      else if (this.#requester.flushed) spent(chunk);
    } else if (this.#phase === Phase.bodyLeft) {
      this.#drop(); // bytes behind a whole answer: this connection cannot be trusted
      this.#requester.resumeRequest();
    } else if (this.#phase === Phase.connecting) {
      this.#phase = Phase.sent;
      this.#malformed("it spoke before it was asked");
    } else {
      const isBody = this.#phase === Phase.answering;
      this.#heard = true;
      connection.decoder.feed(chunk);
      this.#relay(connection);
      if (isBody && connection.decoder.pending === 0 && this.#requester.flushed) spent(chunk);
    }
  }

  /** Passes on what has arrived, with one write where the bytes lie together. */
  #relay(connection: UpstreamConnection): void {
    const decoder = connection.decoder;
    let withHead = false;
    let from = -1;
    let to = -1;
    for (;;) {
      const token = decoder.next();
      if (token === Token.body) {
        if (this.#writer.rewrite.unframe) {
          if (withHead) this.#writeHead(connection, to);
          withHead = false;
          from = -1;
          if (decoder.payloadEnd > decoder.payloadStart) {
            this.#writer.write(connection, decoder.input.subarray(decoder.payloadStart, decoder.payloadEnd));
          }
          continue;
        }
        if (from < 0) from = decoder.rawStart;
        to = decoder.rawEnd;
      } else if (token === Token.head) {
        if (decoder.head.status < 200) {
          if (!this.#interim(connection)) return;
        } else if (this.#failedForNow(connection)) {
          return;
        } else {
          this.#beginAnswer(connection);
          withHead = true;
          from = decoder.head.start;
          to = from + decoder.head.length;
        }
      } else if (token === Token.end && decoder.head.status < 200) {
        continue;
      } else if (token === Token.fault) {
        if (from >= 0 && !withHead) this.#writer.write(connection, decoder.input.subarray(from, to));
        this.#malformed(problemText(decoder.problem!));
        return;
      } else {
        if (withHead) this.#writeHead(connection, to);
        else if (from >= 0) this.#writer.range(connection, decoder.input, from, to);
        if (token === Token.end) this.#endAnswer(connection);
        return;
      }
    }
  }

  /** Writes the answer's head and its body up to `to`, an offset in the decoder's input. */
  #writeHead(connection: UpstreamConnection, to: number): void {
    const head = connection.decoder.head;
    this.#phase = Phase.answering;
    this.#status = head.status;
    this.#forgetRequest();
    this.#writer.head(connection, to);
  }

  /** True when the answer is one after which another try may help, and that try is made. */
  #failedForNow(connection: UpstreamConnection): boolean {
    const { decoder } = connection;
    const { head } = decoder;
    if (head.status < 400 || !this.#policy.retryStatuses.has(head.status)) return false;
    if (!this.#maySendAgain()) return false;
    const endpoint = this.#endpoint!;
    this.#judge(connection);
    const keepMs = this.requestDone ? keepAliveMs(head, decoder.untilClose) : 0;
    if (restIsThere(decoder)) {
      this.#connection = undefined;
      endpoint.release(connection, keepMs, this.#around.ticker.nowMs);
    }
    this.#drop(); // an answer that is not whole yet is not waited for
    this.#sendElsewhere(endpoint);
    return true;
  }

  /** What the balancer and the circuit breaker learn from an answer's head; returns the time it is at. */
  #judge(connection: UpstreamConnection): number {
    this.#attempts.stopResponse();
    return judge(this.#endpoint!, connection.decoder.head, this.#sentMs, this.#around.clock);
  }

  /** Decides how the answer goes on to the client. */
  #beginAnswer(connection: UpstreamConnection): void {
    const head = connection.decoder.head;
    this.tally.headed(head.status, this.#judge(connection), this.#endpoint!);
    const untilClose = connection.decoder.untilClose;
    this.#keepMs = keepAliveMs(head, untilClose);
    const rewrite = this.#writer.rewrite;
    rewrite.unframe = this.clientMinor === 0 && head.chunked;
    // A client that was told not to send its body cannot be read on: the body's place would be taken for a request.
    const skipsBody = this.awaitsContinue && !this.requestDone;
    if (untilClose || rewrite.unframe || skipsBody || this.#requester.wantsClose())
      rewrite.connection = "close";
    else rewrite.connection = this.clientMinor === 0 ? "keep-alive" : "";
  }

  /** True when the answer's head tells the client that its connection ends with it. */
  get closes(): boolean {
    return this.#writer.rewrite.connection === "close";
  }

  /** Passes on an answer before the answer; false when the exchange is no longer HTTP or has failed. */
  #interim(connection: UpstreamConnection): boolean {
    const head = connection.decoder.head;
    if (head.status === 101) {
      if (this.wantsUpgrade && this.requestDone && head.upgradeIndex >= 0) this.#openTunnel(connection);
      else this.#malformed("it switches protocols without being asked to");
      return false;
    }
    if (head.status === 100) this.awaitsContinue = false;
    if (this.clientMinor === 0) return true;
    this.#interimPassed = true;
    this.#writer.interim(connection);
    return true;
  }

  #openTunnel(connection: UpstreamConnection): void {
    this.tally.headed(101, this.#judge(connection), this.#endpoint!);
    this.#writer.upgrade(connection);
    this.#phase = Phase.tunnel;
    this.#status = 101;
    this.#forgetRequest();
    this.tally.answered(101, 0);
    const fromInstance = connection.decoder.takeRest();
    if (fromInstance.length > 0) this.#writer.write(connection, fromInstance);
    const fromClient = this.#requester.becomeTunnel();
    if (fromClient.length > 0 && !connection.write(fromClient)) this.#requester.pauseRequest();
  }

  #endAnswer(connection: UpstreamConnection): void {
    this.tally.answered(this.#status, this.#writer.bodyBytes);
    if (connection.decoder.pending > 0) this.#keepMs = 0; // bytes that belong to no request
    this.#phase = Phase.bodyLeft;
    if (this.requestDone || this.closes) {
      this.#complete();
      return;
    }
    this.#discardedBytes = 0;
    if (this.#keepMs === 0) {
      this.#drop();
      this.#requester.resumeRequest();
    }
  }

  #complete(): void {
    const connection = this.#connection;
    const endpoint = this.#endpoint;
    this.#connection = undefined;
    this.#endpoint = undefined;
    this.#phase = Phase.none;
    if (connection !== undefined) {
      endpoint!.release(connection, this.requestDone ? this.#keepMs : 0, this.#around.ticker.nowMs);
      endpoint!.finish();
    }
    this.#requester.answered();
  }

  upstreamEnded(): void {
    const connection = this.#connection!;
    if (this.#phase === Phase.tunnel) {
      this.#requester.tunnelEnded();
    } else if (this.#phase === Phase.bodyLeft) {
      this.#drop();
      this.#requester.resumeRequest();
    } else if (this.#phase === Phase.answering && connection.decoder.finish() === Token.end) {
      this.#endAnswer(connection);
    } else {
      this.#lost("closed the connection");
    }
  }

  upstreamClosed(error: NodeJS.ErrnoException | undefined): void {
    if (this.#phase === Phase.connecting) {
      this.#connectFailed(error?.code ?? "closed");
    } else if (this.#phase === Phase.tunnel) {
      this.#drop();
      this.#phase = Phase.none;
      this.#requester.tunnelClosed(error !== undefined);
    } else if (this.#phase === Phase.bodyLeft) {
      this.#drop();
      this.#requester.resumeRequest();
    } else {
      this.#lost(
        error?.code === "ECONNRESET" ? "reset the connection" : (error?.code ?? "closed the connection"),
      );
    }
  }

  #connectFailed(why: string): void {
    const endpoint = this.#endpoint!;
    endpoint.failed(this.#around.ticker.nowMs, this.#around.random);
    this.#connectProblem = `${endpoint.label}: ${why}`;
    this.#drop();
    this.#connectAttempts++;
    if (this.#connectAttempts < CONNECT_ATTEMPTS_MAX && this.callee!.endpoints.length > 1)
      this.#choose(endpoint);
    else this.#wait();
  }

  /** The connection went away before the answer was whole. */
  #lost(how: string): void {
    const endpoint = this.#endpoint!;
    const reused = this.#connection!.reused;
    if (!reused || this.#heard) endpoint.failed(this.#around.ticker.nowMs, this.#around.random);
    if (this.#status !== 0) {
      this.#breakOff("upstream-closed");
      return;
    }
    const kept = !this.#heard && this.firstBytes !== undefined && this.#repeatable;
    if (!kept || !this.#attempts.take(RESEND_MAX)) {
      this.#refuse(502, "upstream-closed", `${this.#endpoint!.label} ${how} before its answer was whole`);
      return;
    }
    this.#lostOne = true;
    this.#drop();
    this.#attempts.stopResponse();
    this.#choose(reused ? undefined : endpoint);
  }

  #malformed(why: string): void {
    this.#endpoint!.failed(this.#around.ticker.nowMs, this.#around.random);
    if (this.#status !== 0) this.#breakOff("upstream-malformed");
    else this.#refuse(502, "upstream-malformed", `${this.#endpoint!.label} sent a malformed answer: ${why}`);
  }

  #refuse(status: number, code: RefusalCode, text: string): void {
    this.tally.refused(status, code, this.#around.clock.monotonic());
    this.#stop();
    this.#requester.refuse(status, code, text);
  }

  /** The answer's head is out already: only a broken connection tells the client that the rest is missing. */
  #breakOff(code: RefusalCode): void {
    this.tally.brokenOff(this.#status, code, this.#writer.bodyBytes);
    this.#stop();
    this.#requester.broken();
  }

  #stop(): void {
    this.#forgetRequest();
    this.#drop();
    this.#phase = Phase.none;
  }

  #drop(): void {
    this.#connection?.discard();
    this.#connection = undefined;
    this.#endpoint?.finish();
    this.#endpoint = undefined;
  }
}
