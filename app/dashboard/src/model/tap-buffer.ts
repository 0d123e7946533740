/** The newest requests of a live tap, each put together from its events. */
import type { TapEvent } from "@plinth/resource";
import { plainText } from "./log-buffer.ts";

/** As many as fit on a tall screen; older ones are gone. */
export const TAP_ROWS_MAX = 40;
const PATH_CHARACTERS_MAX = 200;

export interface TapRow {
  readonly id: string;
  readonly at: string;
  readonly caller: string;
  readonly callee: string;
  /** Method and path, or what is spoken where that cannot be read. */
  readonly what: string;
  /** Undefined while there is no answer. */
  readonly status: number | undefined;
  readonly failed: boolean;
  /** To the end of the answer; undefined while it goes on. */
  readonly durationMs: number | undefined;
  readonly error: string | undefined;
}

const GRPC_FAILURES: ReadonlySet<number> = new Set([2, 4, 13, 14, 15]);

export class TapBuffer {
  /** Newest first. */
  rows: readonly TapRow[] = [];
  missed = 0;

  append(events: readonly TapEvent[]): void {
    for (const event of events) this.#take(event);
  }

  #take(event: TapEvent): void {
    switch (event.type) {
      case "request":
      case "open": {
        const { id, at, caller, callee } = event;
        const what =
          event.type === "open"
            ? "TCP connection"
            : `${event.method} ${plainText(event.path).slice(0, PATH_CHARACTERS_MAX)}`;
        const fresh = { status: undefined, failed: false, durationMs: undefined, error: undefined };
        this.rows = [{ id, at, caller, callee, what, ...fresh }, ...this.rows].slice(0, TAP_ROWS_MAX);
        break;
      }
      case "response":
        this.#change(event.id, () => ({ status: event.status, failed: event.status >= 500 }));
        break;
      case "end":
        this.#change(event.id, ({ failed }) => ({
          durationMs: event.durationUs / 1000,
          error: event.error ?? undefined,
          failed: failed || event.error !== null || GRPC_FAILURES.has(event.grpcStatus ?? 0),
        }));
        break;
      case "close":
        this.#change(event.id, () => ({
          durationMs: event.durationUs / 1000,
          error: event.error ?? undefined,
          failed: event.error !== null,
        }));
        break;
      case "missed":
        this.missed += event.overRate + event.dropped;
    }
  }

  #change(id: string, change: (row: TapRow) => Partial<TapRow>): void {
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, ...change(row) } : row));
  }
}
