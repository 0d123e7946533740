import type { Clock } from "@plinth/clock";
import { fit } from "./plain-text.ts";
import type { Surface } from "./output.ts";

/** Fast enough to look alive, slow enough for a terminal over a network. */
const REDRAW_MS = 80;

/** A line in parts, so that it is cut by what is seen and not by its colour codes. */
export interface LiveLine {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** A block of lines at the bottom of a terminal that is redrawn in place. */
export class LiveLines implements Disposable {
  readonly #surface: Surface;
  readonly #clock: Clock;
  #lines: readonly LiveLine[] = [];
  #drawn = 0;
  #cancel: (() => void) | undefined;

  constructor(surface: Surface, clock: Clock) {
    this.#surface = surface;
    this.#clock = clock;
  }

  show(lines: readonly LiveLine[]): void {
    this.#lines = lines;
    this.#cancel ??= this.#clock.schedule(REDRAW_MS, () => {
      this.#cancel = undefined;
      this.#draw();
    });
  }

  /** Leaves the last state on the screen. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#draw();
    this.#drawn = 0;
    this.#lines = [];
  }

  #draw(): void {
    const up = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A`;
    // One column stays free: a full line would wrap on some terminals and spoil the count.
    const width = this.#surface.columns - 1;
    const body = this.#lines.map(({ text, paint }) => {
      const cut = fit(text, width);
      return `\u001b[2K${paint === undefined ? cut : paint(cut)}\n`;
    });
    // What is left of a longer block before is cleared.
    this.#surface.write(`${up}${body.join("")}\u001b[0J`);
    this.#drawn = this.#lines.length;
  }
}
