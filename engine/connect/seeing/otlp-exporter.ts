import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import {
  SPAN_BATCH_MAX,
  SPAN_EXPORT_MS,
  SPAN_QUEUE_MAX,
  SPAN_RETRIES_MAX,
  SPAN_TIMEOUT_MS,
} from "./limits.ts";
import { spansJson } from "./otlp-json.ts";
import type { Span } from "./tracer.ts";

/** Answers after which the same batch may be sent again (OTLP/HTTP, "Failures"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Sends spans to a collector by OTLP over HTTP, in JSON. Invariants: one batch is under way at a time; what does not
 * fit into the queue meanwhile, and what the collector does not take, is dropped and counted.
 */
export class OtlpExporter {
  sent = 0;
  dropped = 0;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #log: Log;
  #queue: Span[] = [];
  #cancel: (() => void) | undefined = undefined;
  #sending: Promise<void> | undefined = undefined;
  #isOver = false;
  #isDown = false;

  constructor(url: string, clock: Clock, log: Log) {
    this.#url = tracesUrl(url);
    this.#clock = clock;
    this.#log = log;
  }

  add(span: Span): void {
    if (this.#isOver || this.#queue.length >= SPAN_QUEUE_MAX) {
      this.dropped++;
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= SPAN_BATCH_MAX) this.#export();
    else if (this.#sending === undefined) this.#exportSoon();
  }

  #exportSoon(): void {
    this.#cancel ??= this.#clock.schedule(SPAN_EXPORT_MS, () => {
      this.#cancel = undefined;
      this.#export();
    });
  }

  #export(): void {
    if (this.#sending !== undefined || this.#queue.length === 0) return;
    this.#sending = this.#send(this.#queue.splice(0, SPAN_BATCH_MAX)).finally(() => {
      this.#sending = undefined;
      if (this.#queue.length >= SPAN_BATCH_MAX) this.#export();
      else if (this.#queue.length > 0 && !this.#isOver) this.#exportSoon();
    });
  }

  async #send(batch: readonly Span[]): Promise<void> {
    const body = Buffer.from(spansJson(batch));
    let problem = "";
    for (let attempt = 0; attempt <= SPAN_RETRIES_MAX; attempt++) {
      if (attempt > 0) await this.#clock.sleep(SPAN_EXPORT_MS * 2 ** (attempt - 1));
      const status = await this.#post(body).catch((error: unknown) => {
        problem = messageOf(error);
        return 0;
      });
      if (status >= 200 && status < 300) {
        this.sent += batch.length;
        this.#isDown = false;
        return;
      }
      if (status !== 0) problem = `it answers ${status}`;
      if (this.#isOver || (status !== 0 && !RETRYABLE.has(status))) break;
    }
    this.dropped += batch.length;
    // Once per outage: the counter tells the rest.
    if (!this.#isDown) this.#log.warn("cannot export spans", { to: this.#url.host, problem });
    this.#isDown = true;
  }

  #post(body: Buffer): Promise<number> {
    const request = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const call = request(this.#url, {
        method: "POST",
        agent: false,
        headers: { "content-type": "application/json", "content-length": body.length },
        signal: AbortSignal.timeout(SPAN_TIMEOUT_MS),
      });
      call.on("error", reject);
      call.on("response", (response) => {
        response.on("error", reject);
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      call.end(body);
    });
  }

  /** Sends what is left, once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#cancel?.();
    await this.#sending;
    while (this.#queue.length > 0) {
      this.#export();
      await this.#sending;
    }
  }
}

/** A collector's base URL, as OTEL_EXPORTER_OTLP_ENDPOINT has it, or that of its traces. */
function tracesUrl(text: string): URL {
  const url = new URL(text);
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return url;
}
