import type { ImageProgress } from "@plinth/run";
import type { Context } from "./command.ts";
import { LiveLines } from "./terminal/live-lines.ts";
import { sizeText } from "./terminal/quantities.ts";
import { plainLine } from "./terminal/plain-text.ts";

/** Shows how images come: a line each that is redrawn on a terminal, what is done elsewhere, events with --json. */
export interface ImagesShown extends Disposable {
  of(service: string): (progress: ImageProgress) => void;
}

export function showImages({
  output,
  json,
  clock,
  is,
}: Pick<Context, "output" | "json" | "clock" | "is">): ImagesShown {
  const works = new Map<string, Work>();
  const live =
    !json && output.stderr.isAnimated && !is("quiet") ? new LiveLines(output.stderr, clock) : undefined;
  const line = (service: string, text: string): void => {
    if (json) output.event({ type: "image", service, message: text });
    else output.note(`  ${service}  ${text}`);
  };
  return {
    of: (service) => {
      const work = new Work();
      works.set(service, work);
      return (progress) => {
        work.take(progress);
        if (progress.kind === "retry") line(service, `trying again: ${plainLine(progress.reason)}`);
        if (live !== undefined)
          live.show([...works].map(([name, each]) => ({ text: `  ${name}  ${each.text()}` })));
        else if (progress.kind === "layers") line(service, work.text());
        else if (progress.kind === "done" && work.isDone) line(service, work.text());
      };
    },
    [Symbol.dispose]: () => live?.[Symbol.dispose](),
  };
}

/** How far one image is. */
class Work {
  readonly #totals: Map<string, number> = new Map();
  readonly #here: Map<string, number> = new Map();
  readonly #done: Set<string> = new Set();
  #deed = "bringing";

  get isDone(): boolean {
    return this.#totals.size > 0 && this.#done.size === this.#totals.size;
  }

  take(progress: ImageProgress): void {
    if (progress.kind === "layers") {
      for (const { digest, bytes } of progress.layers) this.#totals.set(digest, bytes);
    } else if (progress.kind === "download") {
      this.#here.set(progress.digest, progress.bytes);
      this.#deed = "downloading";
    } else if (progress.kind === "unpack") {
      this.#deed = "unpacking";
    } else if (progress.kind === "done") {
      this.#done.add(progress.digest);
      this.#here.set(progress.digest, this.#totals.get(progress.digest) ?? 0);
    }
  }

  text(): string {
    if (this.#totals.size === 0) return "asking for its image";
    const total = sum(this.#totals);
    const layers = `${sizeText(total)} in ${this.#totals.size} ${this.#totals.size === 1 ? "layer" : "layers"}`;
    if (this.isDone) return `its image is here: ${layers}`;
    return `${this.#deed} its image: ${sizeText(sum(this.#here))} of ${layers}`;
  }
}

const sum = (bytes: ReadonlyMap<string, number>): number =>
  [...bytes.values()].reduce((all, each) => all + each, 0);
