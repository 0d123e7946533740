import type { InstanceEndpoint } from "../instance-endpoint.ts";
import type { Sighting } from "./sighting.ts";
import { PARENT_AT, traceParentText } from "./trace-context.ts";
import type { Span, Tracer } from "./tracer.ts";

/**
 * The spans of one sampled request: one of the ingress, if it came in there, and below it one per attempt to have it
 * answered, whose id the instance gets as its parent.
 */
export class Trace {
  readonly traceId: string;
  /** Empty where the trace begins here. */
  readonly #parentId: string;
  /** Of the ingress' own span; empty within the mesh. */
  readonly #serverId: string;
  readonly #tracer: Tracer;
  #attemptId: string;
  #attempts = 0;
  #attemptStartedMs = 0;
  /** Where the attempt's id stands in the head's bytes; 0 where it does not. */
  parentAt = 0;

  constructor(tracer: Tracer, traceId: string, parentId: string, isServer: boolean) {
    this.#tracer = tracer;
    this.traceId = traceId;
    this.#parentId = parentId;
    this.#serverId = isServer ? tracer.ids.span() : "";
    this.#attemptId = tracer.ids.span();
  }

  /** What the instance gets as `traceparent`. */
  get header(): string {
    return traceParentText(this.traceId, this.#attemptId, true);
  }

  /** A head with this `traceparent` lies at `at` of what is kept for sending it again. */
  headerAt(at: number): void {
    this.parentAt = at + PARENT_AT;
  }

  /** The request goes to an instance; `bytes` is its head where that holds the attempt's id. */
  sent(sighting: Sighting, endpoint: InstanceEndpoint, bytes: Buffer | undefined): void {
    if (this.#attempts > 0) {
      this.#tracer.record(this.#attempt(sighting, "retried"));
      this.#attemptId = this.#tracer.ids.span();
      if (bytes !== undefined && this.parentAt > 0) bytes.write(this.#attemptId, this.parentAt, "latin1");
    }
    sighting.at(endpoint);
    this.#attempts++;
    this.#attemptStartedMs = this.#tracer.clock.monotonic();
  }

  ended(sighting: Sighting): void {
    const isServer = this.#serverId !== "";
    if (this.#attempts > 0 || !isServer) this.#tracer.record(this.#attempt(sighting, sighting.error));
    if (!isServer) return;
    const { begin, edge } = sighting;
    this.#tracer.record({
      ...this.#common(sighting, begin.startedMs, sighting.error),
      service: edge.caller,
      namespace: edge.app,
      spanId: this.#serverId,
      parentId: this.#parentId,
      isServer,
      resends: 0,
    });
  }

  #attempt(sighting: Sighting, error: string): Span {
    const { edge, begin } = sighting;
    const isLast = error !== "retried";
    const common = this.#common(
      sighting,
      this.#attempts > 0 ? this.#attemptStartedMs : begin.startedMs,
      error,
    );
    return {
      ...common,
      status: isLast ? common.status : 0,
      service: edge.caller,
      namespace: edge.app,
      spanId: this.#attemptId,
      parentId: this.#serverId === "" ? this.#parentId : this.#serverId,
      isServer: false,
      resends: Math.max(this.#attempts - 1, 0),
    };
  }

  #common(sighting: Sighting, startedMs: number, error: string) {
    const { begin, edge, status, grpcStatus, instance, address } = sighting;
    const { clock } = this.#tracer;
    const wallMs = clock.now() - clock.monotonic();
    return {
      traceId: this.traceId,
      startedMs: wallMs + startedMs,
      endedMs: wallMs + clock.monotonic(),
      begin,
      callee: edge.callee,
      route: edge.route,
      status,
      grpcStatus,
      instance,
      address,
      error,
    };
  }
}
