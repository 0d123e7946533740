import type { LinuxSeccomp } from "../config.ts";
import { type CallingConvention, X32_BIT } from "./architecture.ts";
import { type Alternative, NEWER_SYSCALL, UNKNOWN_ARCHITECTURE, verdictOf, verdictsOf } from "./verdicts.ts";

/** A run of numbers, up to the next one's, of which all calls are treated alike. */
export interface Segment {
  readonly from: number;
  /** The last one has no conditions. */
  readonly alternatives: readonly Alternative[];
  /** Equal for equal alternatives. */
  readonly key: string;
}

interface Range {
  readonly from: number;
  readonly below: number;
  readonly alternatives: readonly Alternative[];
}

/** Beyond the highest number. */
const NUMBER_END = 2 ** 32;
/** -1, the number of a call that a tracer wants left out: no call of x32, though it has that bit. */
const SKIPPED_CALL: number = NUMBER_END - 1;

/** All numbers of the conventions that share an architecture, from 0, in rising order. */
export function segmentsOf(seccomp: LinuxSeccomp, conventions: readonly CallingConvention[]): Segment[] {
  const ranges = conventions.flatMap((convention, index) =>
    rangesOf(seccomp, convention, conventions[index + 1]?.base ?? endOf(convention)),
  );
  const last = ranges.at(-1)!;
  if (last.below < NUMBER_END) {
    const skipped = always(verdictOf(seccomp.defaultAction, seccomp.defaultErrnoRet));
    ranges.push(
      { from: last.below, below: SKIPPED_CALL, alternatives: [always(UNKNOWN_ARCHITECTURE)] },
      { from: SKIPPED_CALL, below: NUMBER_END, alternatives: [skipped] },
    );
  }
  const segments: Segment[] = [];
  for (const { from, alternatives } of ranges) {
    const key = JSON.stringify(alternatives, asText);
    if (segments.at(-1)?.key !== key) segments.push({ from, alternatives, key });
  }
  return segments;
}

/** x32's calls are calls of x86-64 with a bit set. A profile that leaves x32 out means to leave these out. */
const endOf = ({ name }: CallingConvention): number => (name === "SCMP_ARCH_X86_64" ? X32_BIT : NUMBER_END);

/** The numbers from the convention's base up to below `end`, without gaps. */
function rangesOf(seccomp: LinuxSeccomp, convention: CallingConvention, end: number): Range[] {
  const { bySyscall, byDefault, newer } = verdictsOf(seccomp, convention);
  const known = [...bySyscall].map(([number, alternatives]): Range => {
    const isTotal = alternatives.at(-1)?.conditions.length === 0;
    const total = isTotal ? alternatives : [...alternatives, always(byDefault)];
    return { from: number, below: number + 1, alternatives: total };
  });
  if (newer !== undefined) known.push({ ...newer, alternatives: [always(NEWER_SYSCALL)] });
  const ranges: Range[] = [];
  let next = convention.base;
  for (const range of [...known.toSorted((a, b) => a.from - b.from), undefined]) {
    const from = range?.from ?? end;
    if (next < from) ranges.push({ from: next, below: from, alternatives: [always(byDefault)] });
    if (range !== undefined) ranges.push(range);
    next = range?.below ?? end;
  }
  return ranges;
}

const always = (verdict: number): Alternative => ({ verdict, conditions: [] });

/** JSON has no bigint. */
const asText = (_name: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;
