import type { Context } from "../command.ts";
import { LiveLines } from "./live-lines.ts";
import { sizeText } from "./quantities.ts";

/** How much of something long has been done; on a terminal only, where lines may be redrawn. */
export interface ByteProgress extends Disposable {
  /** `part`: what is being done just now. */
  readonly update: (bytes: number, part?: string) => void;
}

export function showBytes(context: Context, what: string): ByteProgress {
  const { output, clock } = context;
  if (!output.stderr.isAnimated || context.is("quiet")) {
    return { update: () => {}, [Symbol.dispose]: () => {} };
  }
  const live = new LiveLines(output.stderr, clock);
  return {
    update: (bytes, part = "") => live.show([{ text: `  ${what}  ${sizeText(bytes)}  ${part}`.trimEnd() }]),
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}
