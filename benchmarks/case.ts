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
  /** What is aimed at beyond what must be: "ratio 0.6". */
  readonly aim?: string;
  readonly unit: string;
  readonly ours: number;
  /** Undefined where the rival is not installed: `missing` names its program then, if that is not its name. */
  readonly rival: number | undefined;
  readonly rivalName: string;
  /** The rival's program and version: "nginx 1.22.1". */
  readonly rivalProgram?: string | undefined;
  readonly missing?: string;
  /** Why the rival, though installed, was not measured. */
  readonly refusal?: string | undefined;
  /** Where the figures count some of many: of how many. */
  readonly outOf?: { readonly ours: number; readonly rival: number | undefined };
}

/** Ours as a multiple of the rival's; none of both is the same. Undefined without a rival. */
export function ratioOf({ ours, rival }: Pick<Figure, "ours" | "rival">): number | undefined {
  if (rival === undefined) return undefined;
  return ours === rival ? 1 : ours / rival;
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

/** Programs that a case cannot do without, where they are not installed; "root" where it needs that. */
export function missingIn({ raw }: Outcome): readonly string[] {
  return (raw as { readonly missing?: readonly string[] }).missing ?? [];
}

/** A benchmark: add one to the table in `main.ts`. */
export interface Case {
  readonly name: string;
  /** What it does, as one sentence. */
  readonly does: string;
  run(options: CaseOptions): Promise<Outcome>;
}

/** A case that has rows in the one table of `npm run bench -- --quick`. */
export interface TableCase extends Case {
  readonly rows: {
    readonly title: string;
    /** What somebody needs to know who has never seen it, line by line. */
    readonly notes: readonly string[];
    /** Measures what the table shows, and no more, in about fifteen seconds. */
    measure(options: Omit<CaseOptions, "quick">): Promise<Outcome>;
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
