/** One line of the table: ours against a rival's. Of most figures less is better; where more is, `ratioMin` says how much. */
export type Figure = Compared &
  (
    | {
        /** Most that ours may be, as a multiple of the rival's. */
        readonly ratioMax: number;
        readonly ratioMin?: undefined;
      }
    | {
        /** Least that ours may be, as a multiple of the rival's. */
        readonly ratioMin: number;
        readonly ratioMax?: undefined;
      }
  );

export interface Compared {
  /** What was measured, in the case: "on Node". */
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** Undefined when the rival is not installed: `missing` names it then. */
  readonly rival: number | undefined;
  readonly rivalName: string;
  readonly missing?: string;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** All that was measured, for the results' file. */
  readonly raw: unknown;
}

export interface CaseOptions {
  /** Fewer and shorter rounds: a look, not a figure to publish. */
  readonly quick: boolean;
  /** For files of the run; removed afterwards. */
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** A benchmark: add one to the table in `main.ts`. */
export interface Case {
  readonly name: string;
  /** What it does, as one sentence. */
  readonly does: string;
  run(options: CaseOptions): Promise<Outcome>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
