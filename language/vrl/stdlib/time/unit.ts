import { Part } from "../../checker/kind.ts";
import type { Parameter } from "../define.ts";

/** Units of Unix time, and how many of each a second has. */
export const unitsPerSecond: Readonly<Record<string, number>> = {
  seconds: 1,
  milliseconds: 1e3,
  microseconds: 1e6,
  nanoseconds: 1e9,
};

export const unit: Parameter = {
  name: "unit",
  kind: Part.bytes,
  isOptional: true,
  default: "seconds",
  variants: {
    seconds: "Seconds.",
    milliseconds: "Thousandths of a second.",
    microseconds: "Millionths of a second.",
    nanoseconds: "Billionths of a second.",
  },
  description: "What is counted.",
};
