import type { Clock, Random } from "@plinth/clock";
import type { Head } from "@plinth/http1";
import type { RequestRewrite } from "../rewrite.ts";
import type { OtlpExporter } from "./otlp-exporter.ts";
import type { SightingBegin } from "./sighting.ts";
import { setTraceParent, traceParentOf } from "./trace-fields.ts";
import { Trace } from "./trace.ts";
import {
  findTraceParent,
  NewTraceLine,
  parseTraceParent,
  TraceIds,
  type TraceParent,
} from "./trace-context.ts";

/** One span as it is exported. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a trace's first. */
  readonly parentId: string;
  /** The ingress took the request in; else one instance was asked. */
  readonly isServer: boolean;
  readonly service: string;
  readonly namespace: string;
  readonly callee: string;
  readonly route: string;
  readonly begin: SightingBegin;
  /** Wall time. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** 0 without an answer. */
  readonly status: number;
  readonly grpcStatus: number;
  readonly instance: string;
  readonly address: string;
  readonly error: string;
  /** How often it had been sent before. */
  readonly resends: number;
}

/**
 * W3C Trace Context: a request keeps the decision it comes with; one without gets one here, and with it a header.
 * Budget for a request that is not sampled: a look at its headers, and 70 bytes where it has none. Benchmark: http1.
 */
export class Tracer {
  readonly ids: TraceIds = new TraceIds();
  readonly #unsampled: NewTraceLine = new NewTraceLine();
  readonly clock: Clock;
  readonly #random: Random;
  readonly #ratio: number;
  readonly #exporter: OtlpExporter;

  constructor(ratio: number, exporter: OtlpExporter, clock: Clock, random: Random) {
    this.#ratio = ratio;
    this.#exporter = exporter;
    this.clock = clock;
    this.#random = random;
  }

  record(span: Span): void {
    this.#exporter.add(span);
  }

  /** Looks at an HTTP/1 head and says in `rewrite` which line it is to get; the trace if the request is sampled. */
  http1(head: Head, rewrite: RequestRewrite): Trace | undefined {
    const isServer = rewrite.origin !== undefined;
    const index = findTraceParent(head);
    const parent = index < 0 ? undefined : parseTraceParent(head.value(index));
    if (parent?.sampled === false) return undefined; // goes on as it is
    if (parent === undefined && this.#random() >= this.#ratio) {
      this.#unsampled.renew();
      rewrite.traceLine = this.#unsampled.bytes;
      rewrite.dropsTrace = index === -1 ? "nothing" : "all";
      return undefined;
    }
    const trace = this.#begin(parent, isServer);
    rewrite.traceLine = Buffer.from(`traceparent: ${trace.header}\r\n`);
    // A malformed header goes, and the vendors' state with it (section 3.3.1.1).
    rewrite.dropsTrace = parent !== undefined ? "parent" : index === -1 ? "nothing" : "all";
    return trace;
  }

  /** As `http1`, for HTTP/2's fields: those to send on, and the trace if the request is sampled. */
  http2(
    fields: string[],
    isServer: boolean,
  ): { readonly fields: string[]; readonly trace: Trace | undefined } {
    const text = traceParentOf(fields);
    const parent = text === undefined ? undefined : parseTraceParent(text);
    if (parent?.sampled === false) return { fields, trace: undefined };
    const goesOn = parent !== undefined;
    if (!goesOn && this.#random() >= this.#ratio) {
      this.#unsampled.renew();
      return { fields: setTraceParent(fields, this.#unsampled.value, goesOn), trace: undefined };
    }
    const trace = this.#begin(parent, isServer);
    return { fields: setTraceParent(fields, trace.header, goesOn), trace };
  }

  #begin(parent: TraceParent | undefined, isServer: boolean): Trace {
    return new Trace(this, parent?.traceId ?? this.ids.trace(), parent?.parentId ?? "", isServer);
  }
}
