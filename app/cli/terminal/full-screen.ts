import type { Clock } from "@plinth/clock";
import type { Surface } from "./output.ts";

/** The alternate screen with a hidden cursor, and the way back. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
/** Home, and per line: clear what was there before. */
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_REST = "\u001b[J";
/** For terminals that do not tell. */
const ROWS_USUAL = 24;

/** A whole terminal that is redrawn until disposed; what was on it before comes back then. */
export class FullScreen implements Disposable {
  readonly #surface: Surface;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #page: () => readonly string[];
  #cancel: () => void;

  constructor(surface: Surface, clock: Clock, everyMs: number, page: () => readonly string[]) {
    this.#surface = surface;
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#page = page;
    surface.write(ENTER);
    this.#cancel = () => {};
    this.#draw();
  }

  #draw(): void {
    const rows = this.#surface.rows ?? ROWS_USUAL;
    const lines = this.#page().slice(0, rows - 1);
    this.#surface.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join("")}${CLEAR_REST}`);
    this.#cancel = this.#clock.schedule(this.#everyMs, () => this.#draw());
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#surface.write(LEAVE);
  }
}
