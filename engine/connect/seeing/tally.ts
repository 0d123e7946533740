import type { Attempts } from "../attempts.ts";
import { type Edge, GRPC_FAILURES } from "../edge.ts";
import type { InstanceEndpoint } from "../instance-endpoint.ts";
import type { Policy } from "../policy.ts";
import type { RefusalCode } from "../refusal.ts";
import type { Sighting } from "./sighting.ts";

/**
 * What is counted of one request, and told to those who watch it, alike for HTTP/1 and HTTP/2. It is used again for
 * the next request. Budget: beyond the counters, one comparison per call while nobody watches. Benchmark: http1.
 */
export class Tally {
  /** Set before `begin` when somebody watches. */
  sighting: Sighting | undefined = undefined;
  edge: Edge | undefined = undefined;
  /** Time to the head of the answer that was passed on. */
  #latencyMs = 0;
  #startedMs = 0;
  readonly #attempts: Attempts;

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
  }

  begin(edge: Edge, policy: Policy, startedMs: number): void {
    this.edge = edge;
    this.#startedMs = startedMs;
    edge.requests.value++;
    this.#attempts.begin(policy, edge, startedMs);
  }

  /** The head of an answer that is passed on is there. */
  headed(status: number, nowMs: number, endpoint: InstanceEndpoint): void {
    this.#latencyMs = nowMs - this.#startedMs;
    if (this.sighting === undefined) return;
    this.sighting.at(endpoint);
    this.sighting.headed(status, this.#latencyMs);
  }

  /** An answer is whole, or its connection has become a tunnel. */
  answered(status: number, bytes: number): void {
    this.edge!.answered(status, this.#latencyMs);
    this.#over(status < 500, "", bytes);
  }

  answeredGrpc(status: number, grpcStatus: number, bytes: number): void {
    this.edge!.answeredGrpc(status, grpcStatus, this.#latencyMs);
    if (this.sighting !== undefined) this.sighting.grpcStatus = grpcStatus;
    this.#over(!GRPC_FAILURES.has(grpcStatus), "", bytes);
  }

  /** The proxy answers itself. */
  refused(status: number, code: RefusalCode, nowMs: number): void {
    const latencyMs = nowMs - this.#startedMs;
    this.edge?.failed(status, code, latencyMs);
    this.sighting?.at(undefined);
    this.sighting?.headed(status, latencyMs);
    this.#over(false, code, 0);
  }

  /** The answer's head is out, and its rest will not come. */
  brokenOff(status: number, code: RefusalCode, bytes: number): void {
    this.edge!.failed(status, code, this.#latencyMs);
    this.#over(false, code, bytes);
  }

  /** The client is gone. */
  abandoned(): void {
    this.#over(false, "client-closed", 0);
  }

  #over(succeeded: boolean, error: string, bytes: number): void {
    const { sighting } = this;
    if (sighting !== undefined) {
      this.sighting = undefined;
      sighting.retries = this.#attempts.count;
      sighting.responseBytes = bytes;
      sighting.ended(error);
    }
    this.#attempts.end(succeeded);
  }
}
