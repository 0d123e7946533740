import { fieldValue } from "@plinth/grpc";
import { hostName } from "@plinth/http1";
import { ErrorCode, type Http2Stream, ResetCause, type StreamHandler } from "@plinth/http2";
import { Attempts, type Sender, type TimeoutName } from "./attempts.ts";
import type { Callee, Waiter } from "./callee.ts";
import { type Edge, GRPC_FAILURES } from "./edge.ts";
import { Held } from "./fair/held.ts";
import { Http2Answer } from "./http2-answer.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http1Bridge } from "./http1-bridge.ts";
import { withOrigin } from "./http2-origin.ts";
import { refusalFields, refusalTrailers } from "./http2-refusal.ts";
import type { ConnectionWaiter, Http2Upstream } from "./http2-upstream.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { countRefusal, isByHost } from "./listener-target.ts";
import { CONNECT_ATTEMPTS_MAX, RESEND_BYTES_MAX, RESEND_MAX } from "./limits.ts";
import { grpcStatusOf, outcomeOf } from "./http2-outcome.ts";
import { defaultPolicy, type Policy } from "./policy.ts";
import { type RefusalCode, refusalBody } from "./refusal.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { Sighting } from "./seeing/sighting.ts";
import { Tally } from "./seeing/tally.ts";
import type { Surroundings } from "./surroundings.ts";
import { timeoutRefusal } from "./timeout-refusal.ts";

const Phase = { head: 0, waiting: 1, connecting: 2, sent: 3, answering: 4, over: 5, backoff: 6 } as const;

/**
 * One HTTP/2 request on its way to an instance and back. Bodies stream both ways, each held back by the other side's
 * window. Invariant: the request is kept until the answer's first byte, unless it has grown beyond
 * RESEND_BYTES_MAX, so that it can be sent again.
 */
export class Http2Exchange implements StreamHandler, Waiter, ConnectionWaiter, Sender {
  readonly #client: Http2Stream;
  readonly #connection: Http2Connection;
  readonly #around: Surroundings;
  readonly #answer: Http2Answer;
  readonly #startedMs: number;
  #phase: number = Phase.head;
  #fields: string[] = [];
  #method = "";
  #isGrpc = false;
  #callee: Callee | undefined = undefined;
  #edge: Edge | undefined = undefined;
  /** Of the route that took the request. */
  #policy: Policy = defaultPolicy;
  #endpoint: InstanceEndpoint | undefined = undefined;
  #upstream: Http2Upstream | undefined = undefined;
  #stream: Http2Stream | undefined = undefined;
  /** The request's body so far; undefined once it is too long to keep. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #trailers: string[] | undefined = undefined;
  #requestEnded = false;
  /** Bytes whose window is given back once the other side can take more. */
  #owedToClient = 0;
  #owedToInstance = 0;
  readonly #isOverfull: boolean;
  readonly #held: Held;
  #connectAttempts = 0;
  readonly #attempts: Attempts;
  readonly #tally: Tally;
  #answerBytes = 0;
  /** Times an instance did not take it up at all. */
  #untouched = 0;
  #interimPassed = false;
  #sentMs = 0;
  #status = 0;
  #grpcStatus = -1;
  #connectProblem = "";
  /** When something last came from either side. */
  #movedMs: number;

  /** `isOverfull`: the client's workload has too many under way; it is only refused. */
  constructor(client: Http2Stream, connection: Http2Connection, around: Surroundings, isOverfull: boolean) {
    this.#isOverfull = isOverfull;
    this.#held = new Held(connection.share);
    this.#client = client;
    this.#connection = connection;
    this.#around = around;
    this.#startedMs = around.clock.monotonic();
    this.#answer = new Http2Answer(this);
    this.#attempts = new Attempts(this, around);
    this.#tally = new Tally(this.#attempts);
    this.#movedMs = around.ticker.nowMs;
  }

  // What the client says.

  onHeaders(fields: string[], endStream: boolean): void {
    this.#fields = fields;
    this.#requestEnded = endStream;
    let host = "";
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index]!;
      if (name === ":method") this.#method = fields[index + 1]!;
      else if (name === ":authority" || (name === "host" && host === "")) host = fields[index + 1]!;
      else if (name === "content-type") this.#isGrpc = fields[index + 1]!.startsWith("application/grpc");
    }
    if (this.#isOverfull) {
      this.#refuse(503, "too-many-streams", `too many requests of one caller are under way`);
      return;
    }
    if (this.#method === "TRACE") {
      this.#refuse(405, "method-unsupported", "TRACE is not passed on");
      return;
    }
    if (this.#method === "CONNECT") {
      this.#refuse(405, "connect-unsupported", "tunnels are not offered here");
      return;
    }
    const { target } = this.#connection;
    const name = hostName(host);
    const route = this.#connection.route(name);
    if (route === undefined) {
      countRefusal(target, "unknown-host");
      this.#refuse(404, "unknown-host", `no service for host "${name}" on ${target.name}`);
      return;
    }
    const chosen = route.callee.routes?.ofFields(this.#method, fields, this.#isGrpc);
    const edge = chosen === undefined ? route.edge : route.edge.onRoute(chosen.name);
    const policy = chosen === undefined ? route.callee.policy : chosen.policy;
    if (target.ingress) this.#fields = withOrigin(fields, this.#connection.client, host);
    const { protocol } = route.callee;
    if (protocol === "http" || (protocol === "auto" && isByHost(target))) {
      const bridge = new Http1Bridge(this.#client, this.#connection, this.#around);
      this.#connection.exchanges.delete(this);
      this.#connection.exchanges.add(bridge);
      this.#client.handler = bridge;
      bridge.begin(this.#fields, endStream, { callee: route.callee, edge, policy });
      return;
    }
    this.#callee = route.callee;
    this.#edge = edge;
    this.#policy = policy;
    edge.http2Requests++;
    if (this.#isGrpc) edge.grpcRequests++;
    if (this.#around.seeing.active)
      this.#fields = this.#connection.see(this.#fields, this.#isGrpc, edge, this.#startedMs, this.#tally);
    this.#tally.begin(edge, policy, this.#startedMs);
    this.#choose(undefined);
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    this.#requestEnded = endStream;
    this.#movedMs = this.#around.ticker.nowMs;
    if (this.#phase === Phase.over) {
      this.#client.consume(bytes.length); // what is refused is not read
      return;
    }
    this.#keep(bytes);
    const stream = this.#stream;
    if (stream === undefined) this.#owedToClient += bytes.length;
    else if (stream.data(bytes, endStream)) this.#client.consume(bytes.length);
    else this.#owedToClient += bytes.length;
    if (endStream && this.#phase === Phase.sent) this.#attempts.awaitResponse();
    this.#account();
  }

  /** What is kept or waits for either side, on the caller's account; without room for it the call ends. */
  #account(): void {
    if (this.#phase === Phase.over) return;
    const kept = this.#kept === undefined ? 0 : this.#keptBytes;
    if (this.#held.set(kept + this.#client.queuedBytes + (this.#stream?.queuedBytes ?? 0))) return;
    if (this.#phase !== Phase.answering) {
      this.#refuse(503, "too-much-held", "too much of one caller's data waits for those who do not take it");
      return;
    }
    this.#tally.brokenOff(this.#status, "too-much-held", this.#answerBytes);
    this.#leaveInstance(ErrorCode.cancel);
    this.#client.reset(ErrorCode.enhanceYourCalm);
    this.#end();
  }

  /** While no instance has it, everything is kept: the client's window bounds it. */
  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#stream !== undefined && this.#keptBytes > RESEND_BYTES_MAX) this.#kept = undefined;
    this.#kept?.push(bytes);
  }

  onTrailers(fields: string[]): void {
    this.#requestEnded = true;
    this.#trailers = fields;
    this.#stream?.trailers(fields);
    if (this.#phase === Phase.sent) this.#attempts.awaitResponse();
  }

  /** The client has given up, or is gone. */
  onReset(): void {
    if (this.#phase === Phase.over) return;
    this.#endpoint?.ejection.abandonProbe();
    this.#tally.abandoned();
    this.#leaveInstance(ErrorCode.cancel);
    this.#end();
  }

  onWritable(): void {
    const owed = this.#owedToInstance;
    this.#owedToInstance = 0;
    this.#stream?.consume(owed);
    this.#account();
  }

  // The way to an instance.

  #choose(avoid: InstanceEndpoint | undefined): void {
    const endpoint = this.#callee!.pick(this.#around.ticker.nowMs, avoid);
    if (endpoint === undefined) {
      this.#wait();
      return;
    }
    const upstream = endpoint.http2(this.#edge!.pair, this.#around.clock).take();
    if (upstream === undefined) {
      this.#refuse(503, "queue-full", `${endpoint.label} takes no more calls`);
      return;
    }
    this.#endpoint = endpoint;
    this.#upstream = upstream;
    endpoint.begin(this.#edge);
    if (upstream.ready) {
      this.#send();
      return;
    }
    this.#phase = Phase.connecting;
    upstream.wait(this);
  }

  #wait(): void {
    const callee = this.#callee!;
    if (this.#around.clock.monotonic() - this.#startedMs >= callee.holdMs) {
      this.#refuseEmpty();
      return;
    }
    const refusal = callee.admit(this, this.#startedMs, this.#around.ticker.nowMs);
    if (refusal === undefined) this.#phase = Phase.waiting;
    else this.#refuse(503, refusal.code, refusal.text);
  }

  #refuseEmpty(): void {
    const { code, text } = this.#callee!.emptyRefusal(this.#connectProblem);
    this.#refuse(503, code, text);
  }

  wake(): void {
    this.#connectAttempts = 0;
    this.#choose(undefined);
  }

  upstreamReady(): void {
    this.#send();
    this.#callee!.wakeAll();
  }

  upstreamFailed(why: string): void {
    const endpoint = this.#endpoint!;
    endpoint.failed(this.#around.ticker.nowMs, this.#around.random);
    this.#connectProblem = `${endpoint.label}: ${why}`;
    this.#leaveInstance(ErrorCode.cancel);
    this.#connectAttempts++;
    if (this.#connectAttempts < CONNECT_ATTEMPTS_MAX && this.#callee!.endpoints.length > 1) {
      this.#choose(endpoint);
    } else {
      this.#wait();
    }
  }

  #send(): void {
    this.#phase = Phase.sent;
    this.#sentMs = this.#around.clock.monotonic();
    const kept = this.#kept!;
    const onlyHead = this.#requestEnded && kept.length === 0 && this.#trailers === undefined;
    if (this.#tally.sighting !== undefined) this.#tellSent(this.#tally.sighting);
    const stream = this.#upstream!.session.request(this.#fields, onlyHead, this.#answer);
    if (stream === undefined) {
      // Others took its room while it waited, or its instance takes no more.
      this.#leaveInstance(ErrorCode.cancel);
      this.#choose(undefined);
      return;
    }
    this.#stream = stream;
    let ready = true;
    for (const [index, bytes] of kept.entries()) {
      const isLast = index === kept.length - 1 && this.#requestEnded && this.#trailers === undefined;
      ready = stream.data(bytes, isLast);
    }
    if (this.#trailers !== undefined) stream.trailers(this.#trailers);
    if (this.#keptBytes > RESEND_BYTES_MAX) this.#kept = undefined;
    if (this.#requestEnded) this.#attempts.awaitResponse();
    if (ready) this.instanceWritable();
  }

  #tellSent(sighting: Sighting): void {
    sighting.sent(this.#endpoint!, undefined);
    // The last field: each attempt is a parent of its own.
    const { traceParent } = sighting;
    if (traceParent !== undefined) this.#fields[this.#fields.length - 1] = traceParent;
  }

  timedOut(which: TimeoutName): void {
    const endpoint = this.#endpoint;
    if (this.#phase === Phase.sent) endpoint!.late(this.#around.clock.monotonic(), this.#sentMs);
    const mayRepeat = which === "response" && this.#policy.retryStatuses.has(504);
    if (mayRepeat && this.#maySendAgain(this.#repeatable)) {
      this.#sendElsewhere(endpoint!);
      return;
    }
    const { code, text } = timeoutRefusal(which, this.#policy, endpoint?.label ?? this.#callee!.key);
    this.#giveUp(code, text);
  }

  /** Ends the call because a time is over, in the words its client has for it. */
  #giveUp(code: RefusalCode, text: string): void {
    if (this.#phase === Phase.waiting) this.#callee!.stopWaiting(this);
    if (this.#phase !== Phase.answering) {
      this.#refuse(504, code, text);
      return;
    }
    this.#tally.brokenOff(this.#status, code, this.#answerBytes);
    this.#leaveInstance(ErrorCode.cancel);
    if (this.#isGrpc) {
      this.#client.trailers(refusalTrailers(504, text));
      if (!this.#requestEnded) this.#client.reset(ErrorCode.noError);
    } else {
      this.#client.reset(ErrorCode.internalError);
    }
    this.#end();
  }

  get #repeatable(): boolean {
    return this.#policy.retryMethods.has(this.#method);
  }

  /** Whether what was sent is still at hand, harmless to repeat, and within limit and budget. */
  #maySendAgain(harmless: boolean): boolean {
    if (!harmless || this.#kept === undefined || this.#interimPassed) return false;
    return this.#attempts.take(this.#policy.retryLimit);
  }

  /** Sends the call again: to another instance, or in a moment to the same. */
  #sendElsewhere(avoid: InstanceEndpoint): void {
    this.#attempts.stopResponse();
    this.#leaveInstance(ErrorCode.cancel);
    if (this.#callee!.endpoints.length > 1) {
      this.#choose(avoid);
      return;
    }
    this.#phase = Phase.backoff;
    this.#attempts.backOff();
  }

  sendAgain(): void {
    this.#choose(undefined);
  }

  // What the instance says.

  instanceWritable(): void {
    const owed = this.#owedToClient;
    this.#owedToClient = 0;
    this.#client.consume(owed);
    this.#account();
  }

  answerInformational(fields: string[]): void {
    this.#interimPassed = true;
    this.#client.headers(fields);
  }

  answerHead(fields: string[], endStream: boolean): void {
    const nowMs = this.#around.clock.monotonic();
    const endpoint = this.#endpoint!;
    const status = Number(fields[1]);
    this.#movedMs = this.#around.ticker.nowMs;
    this.#attempts.stopResponse();
    endpoint.answered(nowMs - this.#sentMs, nowMs);
    if (status === 503 || status === 429)
      endpoint.overloaded(retryAfterMs(fieldValue(fields, "retry-after"), this.#around.clock), nowMs);
    // What a gRPC call has come to stands in its trailers.
    if (!this.#isGrpc || status !== 200) endpoint.judged(status < 500, nowMs);
    else if (endStream) endpoint.judged(!GRPC_FAILURES.has(grpcStatusOf(fields)), nowMs);
    if (this.#mayHelpToRepeat(fields, status, endStream)) {
      this.#sendElsewhere(endpoint);
      return;
    }
    this.#phase = Phase.answering;
    this.#kept = undefined;
    this.#status = status;
    this.#tally.headed(status, nowMs, endpoint);
    if (endStream) this.#grpcStatus = grpcStatusOf(fields);
    this.#client.headers(fields, endStream);
    if (endStream) this.#answered();
  }

  /** True when the answer is one after which another try may help, and leave was got for it. */
  #mayHelpToRepeat(fields: readonly string[], status: number, endStream: boolean): boolean {
    const policy = this.#policy;
    if (status === 200 && !(this.#isGrpc && endStream)) return false;
    if (!this.#isGrpc) return policy.retryStatuses.has(status) && this.#maySendAgain(this.#repeatable);
    // A gRPC status tells itself whether the call may be made again.
    const grpcStatus = outcomeOf(status, fields);
    return policy.retryGrpc.has(grpcStatus) && this.#maySendAgain(true);
  }

  answerData(bytes: Buffer, endStream: boolean): void {
    this.#movedMs = this.#around.ticker.nowMs;
    this.#answerBytes += bytes.length;
    if (this.#client.data(bytes, endStream)) this.#stream?.consume(bytes.length);
    else this.#owedToInstance += bytes.length;
    if (endStream) this.#answered();
    else this.#account();
  }

  answerTrailers(fields: string[]): void {
    this.#grpcStatus = grpcStatusOf(fields);
    if (this.#isGrpc && this.#status === 200)
      this.#endpoint!.judged(!GRPC_FAILURES.has(this.#grpcStatus), this.#around.clock.monotonic());
    this.#client.trailers(fields);
    this.#answered();
  }

  answerReset(code: number, cause: number): void {
    this.#stream = undefined;
    const endpoint = this.#endpoint!;
    if (cause === ResetCause.connection || cause === ResetCause.rule)
      endpoint.failed(this.#around.ticker.nowMs, this.#around.random);
    if (this.#phase === Phase.answering) {
      this.#tally.brokenOff(this.#status, "upstream-closed", this.#answerBytes);
      this.#leaveInstance(ErrorCode.cancel);
      this.#client.reset(cause === ResetCause.peer ? code : ErrorCode.internalError);
      this.#end();
      return;
    }
    // What no instance has taken up costs none of the budget.
    const untouched = cause === ResetCause.unprocessed && this.#untouched < RESEND_MAX;
    const lost = cause === ResetCause.connection && this.#repeatable;
    if (this.#kept !== undefined && (untouched || (lost && this.#attempts.take(RESEND_MAX)))) {
      if (untouched) this.#untouched++;
      this.#attempts.stopResponse();
      this.#leaveInstance(ErrorCode.cancel);
      this.#choose(this.#callee!.endpoints.length > 1 ? endpoint : undefined);
      return;
    }
    const how = cause === ResetCause.peer ? `reset the call (code ${code})` : "closed the connection";
    this.#refuse(502, "upstream-closed", `${endpoint.label} ${how} before its answer began`);
  }

  #answered(): void {
    if (this.#isGrpc && this.#grpcStatus >= 0)
      this.#tally.answeredGrpc(this.#status, this.#grpcStatus, this.#answerBytes);
    else this.#tally.answered(this.#status, this.#answerBytes);
    this.#leaveInstance(ErrorCode.noError);
    if (!this.#requestEnded) this.#client.reset(ErrorCode.noError); // the rest of its body is not needed (§8.1)
    this.#end();
  }

  #refuse(status: number, code: RefusalCode, text: string): void {
    this.#tally.refused(status, code, this.#around.clock.monotonic());
    this.#leaveInstance(ErrorCode.cancel);
    if (this.#isGrpc) {
      this.#client.headers(refusalFields(status, code, text, true), true);
    } else {
      this.#client.headers(refusalFields(status, code, text, false), this.#method === "HEAD");
      if (this.#method !== "HEAD") this.#client.data(refusalBody(text), true);
    }
    if (!this.#requestEnded) this.#client.reset(ErrorCode.noError);
    this.#end();
  }

  /** Lets go of the instance; a call under way there is reset. */
  #leaveInstance(code: number): void {
    this.#upstream?.stopWaiting(this);
    this.#upstream = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined && !stream.closed && !(stream.remoteEnded && stream.localEnded)) {
      // Queued data of a whole request goes on; of one that nobody waits for it does not.
      if (code !== ErrorCode.noError || !this.#requestEnded) stream.reset(code);
    }
    this.#endpoint?.finish();
    this.#endpoint = undefined;
  }

  #end(): void {
    if (this.#phase === Phase.waiting) this.#callee!.stopWaiting(this);
    this.#attempts.end(false);
    this.#phase = Phase.over;
    this.#kept = undefined;
    this.#client.consume(this.#owedToClient);
    this.#owedToClient = 0;
    this.#held.set(0);
    this.#connection.exchangeOver(this);
  }

  tick(nowMs: number): void {
    if (this.#attempts.tick(nowMs) || this.#callee === undefined) return;
    if (this.#phase === Phase.waiting && nowMs - this.#startedMs >= this.#callee.holdMs) {
      this.#callee.stopWaiting(this);
      this.#refuseEmpty();
    } else if (this.#isIdle(nowMs)) {
      this.#giveUp("upstream-timeout", `${this.#endpoint!.label} did not go on in time`);
    }
  }

  /** Streams may be silent for as long as they like, unless the policy says otherwise. */
  #isIdle(nowMs: number): boolean {
    const { idleMs, idleSet } = this.#policy;
    if (this.#phase === Phase.sent && (this.#requestEnded || idleSet))
      return nowMs - Math.max(this.#sentMs, this.#movedMs) >= idleMs;
    return this.#phase === Phase.answering && idleSet && nowMs - this.#movedMs >= idleMs;
  }
}
