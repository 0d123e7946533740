import type { ReactNode } from "react";

const WIDTH = 240;
const HEIGHT = 36;

interface SparklineProps {
  readonly label: string;
  readonly value: string;
  readonly values: readonly (number | null)[];
  /** How many samples the full width stands for. */
  readonly slots: number;
  /** The least value the full height stands for, so that noise near zero stays small. */
  readonly least: number;
}

/** The last minutes of one figure; gaps where there was nothing to measure. */
export function Sparkline({ label, value, values, slots, least }: SparklineProps): ReactNode {
  const top = Math.max(least, ...values.map((one) => one ?? 0));
  let path = "";
  let pen = "M";
  for (const [index, one] of values.entries()) {
    if (one === null) {
      pen = "M";
      continue;
    }
    const x = ((slots - values.length + index) / (slots - 1)) * WIDTH;
    path += `${pen}${x.toFixed(1)},${(HEIGHT - 2 - (one / top) * (HEIGHT - 4)).toFixed(1)}`;
    pen = "L";
  }
  return (
    <figure className="spark">
      <figcaption>
        {label} <b>{value}</b>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={path} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
