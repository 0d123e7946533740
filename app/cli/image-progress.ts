import type { ImageProgress } from "@plinth/run";
import type { Context } from "./command.ts";
import { type LiveLine, LiveLines } from "./terminal/live-lines.ts";
import { sizeText } from "./terminal/quantities.ts";

/** How far a pull is: a line per layer on a terminal, retries only elsewhere. */
export interface PullProgress extends Disposable {
  readonly update: (progress: ImageProgress) => void;
}

interface LayerState {
  readonly bytesTotal: number;
  bytes: number;
  doing: "waits" | "fetching" | "unpacking" | "done" | "was here";
}

/** More layers than these are told in one line. */
const LINES_MAX = 12;
const DIGITS = 12;

export function showPull(context: Context): PullProgress {
  const { output, clock } = context;
  const retry = (progress: ImageProgress): void => {
    if (progress.kind !== "retry") return;
    output.note(`${progress.reason}; again in ${Math.ceil(progress.delayMs / 1000)} s`);
  };
  if (!output.stderr.isAnimated || context.is("quiet")) return { update: retry, [Symbol.dispose]: () => {} };
  const live = new LiveLines(output.stderr, clock);
  const layers = new Map<string, LayerState>();
  return {
    update(progress) {
      take(layers, progress);
      const linesMax = Math.min(LINES_MAX, (output.stderr.rows ?? LINES_MAX) - 2);
      live.show(layers.size <= linesMax ? [...layers].map(lineOf) : [summary([...layers.values()])]);
      if (progress.kind === "retry") live.show([{ text: `  ${progress.reason}; waiting` }]);
    },
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

function take(layers: Map<string, LayerState>, progress: ImageProgress): void {
  if (progress.kind === "layers") {
    for (const { digest, bytes } of progress.layers) {
      layers.set(digest, { bytesTotal: bytes, bytes: 0, doing: "waits" });
    }
    return;
  }
  if (progress.kind === "retry") return;
  const layer = layers.get(progress.digest);
  if (layer === undefined) return;
  if (progress.kind === "done") {
    layer.doing = progress.wasThere ? "was here" : "done";
    layer.bytes = layer.bytesTotal;
  } else {
    layer.doing = progress.kind === "download" ? "fetching" : "unpacking";
    layer.bytes = progress.bytes;
  }
}

function lineOf([digest, { bytes, bytesTotal, doing }]: [string, LayerState]): LiveLine {
  const name = digest.slice(digest.indexOf(":") + 1).slice(0, DIGITS);
  const size =
    doing === "fetching" || doing === "unpacking"
      ? `${sizeText(bytes)} of ${sizeText(bytesTotal)}`
      : sizeText(bytesTotal);
  return { text: `  ${name}  ${doing.padEnd(9)}  ${size}` };
}

function summary(layers: readonly LayerState[]): LiveLine {
  const done = layers.filter(({ doing }) => doing === "done" || doing === "was here").length;
  const sum = (of: (layer: LayerState) => number): number =>
    layers.reduce((all, layer) => all + of(layer), 0);
  const doing = layers.some((layer) => layer.doing === "fetching") ? "fetching" : "unpacking";
  const size = `${sizeText(sum(({ bytes }) => bytes))} of ${sizeText(sum(({ bytesTotal }) => bytesTotal))}`;
  return { text: `  ${done} of ${layers.length} layers  ${doing}  ${size}` };
}
