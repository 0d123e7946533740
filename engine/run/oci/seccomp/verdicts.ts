import { Fault } from "@plinth/fault";
import type { LinuxSeccomp, SeccompAction, SeccompCondition, SeccompRule } from "../config.ts";
import { type CallingConvention, syscallNumbers } from "./architecture.ts";
import { multiplexed } from "./multiplexer.ts";

/** What a filter returns (linux/seccomp.h); as signed numbers, the smaller is the stricter. */
const ACTIONS: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_NOTIFY: 0x7fc0_0000,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
};

const EPERM = 1;
const ENOSYS = 38;
/** The kernel cuts larger numbers down to this one. */
const ERRNO_MAX = 4095;

/** Of a call with no architecture the filter knows, as libseccomp's filters have it. */
export const UNKNOWN_ARCHITECTURE: number = ACTIONS.SCMP_ACT_KILL_THREAD;

/** An action with the condition on which it is taken. */
export interface Alternative {
  readonly verdict: number;
  /** All have to hold; none: always. */
  readonly conditions: readonly SeccompCondition[];
}

/** What becomes of the calls of one convention. */
export interface Verdicts {
  /** By number, in the order in which they are tried; after the last comes the default. */
  readonly bySyscall: ReadonlyMap<number, readonly Alternative[]>;
  readonly byDefault: number;
  /** Numbers from the first up to below the second that the profile's author cannot have known answer ENOSYS. */
  readonly newer: { readonly from: number; readonly below: number } | undefined;
}

export function verdictOf(action: SeccompAction, errnoRet: number | undefined): number {
  const hasErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  if (errnoRet !== undefined && (!hasErrno || errnoRet > ERRNO_MAX))
    throw new Fault(
      "invalid",
      `Cannot compile a seccomp profile: ${action} with the errno ${errnoRet} is not possible`,
    );
  return hasErrno ? ACTIONS[action] + (errnoRet ?? EPERM) : ACTIONS[action];
}

/** Numbers from here on are private to arm. */
const ARM_PRIVATE = 0xf_0000;

/** What a profile says of the calls of one convention. Names it has no number for are passed over. */
export function verdictsOf(seccomp: LinuxSeccomp, convention: CallingConvention): Verdicts {
  const numbers = syscallNumbers(convention);
  const bySyscall = new Map<number, Alternative[]>();
  const add = (number: number, alternative: Alternative): void => {
    const there = bySyscall.get(number);
    if (there === undefined) bySyscall.set(number, [alternative]);
    else there.push(alternative);
    if (number < convention.base + ARM_PRIVATE) highest = Math.max(highest, number);
  };
  let highest = -1;
  for (const rule of seccomp.syscalls ?? []) {
    const verdict = verdictOf(rule.action, rule.errnoRet);
    for (const name of rule.names) {
      const number = numbers.get(name);
      for (const conditions of conditionSets(rule)) {
        if (number !== undefined) add(number, { verdict, conditions });
        const call = convention.name === "SCMP_ARCH_X86" ? multiplexed(name) : undefined;
        // Arguments of the call itself lie in memory, where no filter sees them.
        if (call !== undefined && conditions.length === 0)
          add(numbers.get(call.by)!, { verdict, conditions: [call.condition] });
      }
    }
  }
  for (const [number, alternatives] of bySyscall) bySyscall.set(number, strictestFirst(alternatives));
  const byDefault = verdictOf(seccomp.defaultAction, seccomp.defaultErrnoRet);
  const newer =
    highest >= 0 && answersNewer(seccomp)
      ? { from: highest + 1, below: convention.base + ARM_PRIVATE }
      : undefined;
  return { bySyscall, byDefault, newer };
}

/** What a call answers that the kernel does not have: programs then do without it, as they do not on EPERM. */
export const NEWER_SYSCALL: number = ACTIONS.SCMP_ACT_ERRNO + ENOSYS;

function answersNewer({ defaultAction, defaultErrnoRet }: LinuxSeccomp): boolean {
  const isOpen = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(defaultAction);
  return !isOpen && defaultErrnoRet !== ENOSYS;
}

/**
 * Conditions on different arguments have to hold together. Where two are on the same argument, each counts by itself:
 * what runc and crun do, and profiles count on.
 */
function conditionSets({ args = [] }: SeccompRule): (readonly SeccompCondition[])[] {
  const indexes = new Set(args.map(({ index }) => index));
  return indexes.size === args.length ? [args] : args.map((condition) => [condition]);
}

/** Where several rules apply the strictest wins, as among the filters of a process; what follows an unconditional one is cut. */
function strictestFirst(alternatives: readonly Alternative[]): Alternative[] {
  const strictness = ({ verdict }: Alternative): number => (verdict & 0xffff_0000) | 0;
  const sorted = alternatives.toSorted((a, b) => strictness(a) - strictness(b));
  const last = sorted.findIndex(({ conditions }) => conditions.length === 0);
  return last < 0 ? sorted : sorted.slice(0, last + 1);
}
