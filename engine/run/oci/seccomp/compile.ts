import { Fault } from "@plinth/fault";
import type { Architecture } from "../../machine/architecture.ts";
import type { LinuxSeccomp } from "../config.ts";
import { ARCHITECTURE_NAMES, type CallingConvention, CONVENTIONS } from "./architecture.ts";
import { BpfProgram, JUMP_EQUAL } from "./bpf.ts";
import { filterFlags } from "./flags.ts";
import { SearchTree } from "./search-tree.ts";
import { segmentsOf } from "./segments.ts";
import { UNKNOWN_ARCHITECTURE } from "./verdicts.ts";

/** What seccomp(2) is given for a container. */
export interface SeccompFilter {
  /** struct sock_filter[]. */
  readonly program: Buffer;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
  /** Where the descriptor goes that seccomp(2) returns; undefined when it returns none. */
  readonly listener: { readonly path: string; readonly metadata: string } | undefined;
}

/** Offsets in struct seccomp_data (linux/seccomp.h). */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;

/** A profile as a filter for the kernel. Fault "invalid" or "too-large" when there is none for it. */
export function compileSeccomp(seccomp: LinuxSeccomp, architecture: Architecture): SeccompFilter {
  const { flags, listener } = filterFlags(seccomp);
  const program = new BpfProgram();
  const conventions = conventionsOf(seccomp, architecture);
  let entry = program.return(UNKNOWN_ARCHITECTURE);
  for (const audit of new Set(conventions.toReversed().map((convention) => convention.audit))) {
    const ours = conventions.filter((convention) => convention.audit === audit);
    const tree = new SearchTree(program, segmentsOf(seccomp, ours), ours[0]!.argumentBits);
    entry = program.jump(JUMP_EQUAL, audit, program.load(NUMBER_OFFSET, tree.entry), entry);
  }
  program.load(ARCHITECTURE_OFFSET, entry);
  return { program: program.encode(), flags, listener };
}

/** The machine's own convention is always among them. */
function conventionsOf(seccomp: LinuxSeccomp, architecture: Architecture): CallingConvention[] {
  const names = seccomp.architectures ?? [];
  const unknown = names.find((name) => !ARCHITECTURE_NAMES.includes(name));
  if (unknown !== undefined)
    throw new Fault("invalid", `Cannot compile a seccomp profile: no architecture "${unknown}" is known`);
  return CONVENTIONS[architecture].filter(({ name }, index) => index === 0 || names.includes(name));
}
