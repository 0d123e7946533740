import type { Edge } from "../edge.ts";
import type { InstanceEndpoint } from "../instance-endpoint.ts";
import type { Seeing } from "./seeing.ts";
import type { Trace } from "./trace.ts";

/** What is known of a request or connection when it begins. */
export interface SightingBegin {
  readonly protocol: "HTTP/1.1" | "HTTP/2" | "gRPC" | "TCP";
  /** The client's `address:port`. */
  readonly client: string;
  /** These three are empty for TCP. */
  readonly method: string;
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  /** These two only for an access log, else empty. */
  readonly referer: string;
  readonly userAgent: string;
  /** It came in by the ingress. */
  readonly fromOutside: boolean;
  readonly startedMs: number;
}

/** Whoever wants to be told what becomes of a request. */
export interface Watcher {
  began(sighting: Sighting): void;
  headed(sighting: Sighting): void;
  ended(sighting: Sighting): void;
}

/** Most requests that are seen at all have one who watches. */
interface Watchers {
  readonly first: Watcher | undefined;
  readonly others: readonly Watcher[] | undefined;
  readonly trace: Trace | undefined;
}

/** One request, or one connection whose bytes pass through, that somebody watches. */
export class Sighting {
  readonly id: number;
  readonly edge: Edge;
  readonly begin: SightingBegin;
  /** 0 until there is an answer. */
  status = 0;
  latencyMs = 0;
  durationMs = 0;
  responseBytes = 0;
  grpcStatus = -1;
  retries = 0;
  error = "";
  instance = "";
  address = "";
  /** Of a connection: bytes from the client and to it. */
  readBytes = 0;
  writeBytes = 0;
  readonly #seeing: Seeing;
  readonly #first: Watcher | undefined;
  readonly #others: readonly Watcher[] | undefined;
  readonly #trace: Trace | undefined;

  constructor(seeing: Seeing, id: number, edge: Edge, begin: SightingBegin, watchers: Watchers) {
    const { first, others, trace } = watchers;
    this.id = id;
    this.edge = edge;
    this.begin = begin;
    this.#seeing = seeing;
    this.#first = first;
    this.#others = others;
    this.#trace = trace;
    first?.began(this);
    if (others !== undefined) for (const watcher of others) watcher.began(this);
  }

  /** Which instance has it. */
  at(endpoint: InstanceEndpoint | undefined): void {
    this.instance = endpoint?.instance ?? "";
    this.address = endpoint?.name ?? "";
  }

  /** It is sent to an instance; `bytes` is its head where that is kept for sending it again. */
  sent(endpoint: InstanceEndpoint, bytes: Buffer | undefined): void {
    this.#trace?.sent(this, endpoint, bytes);
  }

  /** Where the value of `traceparent` lies in the head that is kept. */
  headAt(at: number): void {
    this.#trace?.headerAt(at);
  }

  /** What an instance gets as `traceparent`, of a request that is sampled. */
  get traceParent(): string | undefined {
    return this.#trace?.header;
  }

  /** The answer's head goes to the client. */
  headed(status: number, latencyMs: number): void {
    this.status = status;
    this.latencyMs = latencyMs;
    this.#first?.headed(this);
    if (this.#others !== undefined) for (const watcher of this.#others) watcher.headed(this);
  }

  /** It is over. `error` is the proxy's code when it made the answer itself or the answer broke off. */
  ended(error: string): void {
    this.error = error;
    this.durationMs = this.#seeing.clock.monotonic() - this.begin.startedMs;
    this.#trace?.ended(this);
    this.#first?.ended(this);
    if (this.#others !== undefined) for (const watcher of this.#others) watcher.ended(this);
  }
}
