import { median } from "./case.ts";

/** One contender's turn in one round. */
export interface Turn<C, R> {
  readonly contender: C;
  readonly result: R;
}

export interface RoundsOptions<C, R> {
  readonly contenders: readonly C[];
  readonly rounds: number;
  /** Before anything counts: compiled code, filled pools. */
  readonly warm?: (contender: C) => unknown;
  readonly measure: (contender: C) => Promise<R> | R;
  /** One line per turn. */
  readonly say: (line: string) => void;
  readonly describe: (contender: C, result: R) => string;
}

/** Contenders take turns, round after round, so that what else the machine does hits all of them alike. */
export async function alternate<C, R>(options: RoundsOptions<C, R>): Promise<Turn<C, R>[]> {
  const { contenders, rounds, warm, measure, say, describe } = options;
  for (const contender of contenders) await warm?.(contender);
  const turns: Turn<C, R>[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const result = await measure(contender);
      turns.push({ contender, result });
      say(describe(contender, result));
    }
  }
  return turns;
}

/** The median of a figure over a contender's turns. */
export function medianOf<C, R>(
  turns: readonly Turn<C, R>[],
  contender: C,
  figure: (result: R) => number,
): number {
  return median(turns.filter((turn) => turn.contender === contender).map(({ result }) => figure(result)));
}

/** All turns for the results' file, with the contender's name in place of the contender. */
export function rawOf<C, R extends object>(
  turns: readonly Turn<C, R>[],
  nameOf: (contender: C) => string,
): object[] {
  return turns.map(({ contender, result }) => ({ contender: nameOf(contender), ...result }));
}
