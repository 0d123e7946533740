import { Fault } from "@plinth/fault";
import { addressText, type Block, parseBlock } from "./subnet.ts";

/** Where an instance may connect to outside of the mesh. Host names are the name server's part: `allowResolved`. */
export interface EgressPolicy {
  /** For what neither list names. */
  readonly default: "allow" | "deny";
  /** Addresses and CIDR blocks. Of all entries that hold an address the longest prefix decides; of equals, deny. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Each entry is a few dozen bytes of kernel memory, and the lists are searched quadratically when they are set. */
const ENTRIES_MAX = 1000;

/** A range of addresses with what its entries decide. */
export interface DecidedRange {
  readonly range: string;
  readonly verdict: "allow" | "deny";
}

interface Entry extends Block {
  readonly verdict: "allow" | "deny";
}

/** The lists as ranges that do not overlap, in order: what the kernel looks up in one step. */
export function decidedRanges(policy: EgressPolicy): DecidedRange[] {
  const entries = [...entriesOf(policy.deny, "deny"), ...entriesOf(policy.allow, "allow")];
  if (entries.length > ENTRIES_MAX)
    throw new Fault("invalid", `Cannot set egress: ${entries.length} entries, at most ${ENTRIES_MAX}`);
  const starts = new Set(entries.flatMap(({ first, last }) => [first, last + 1]));
  const ordered = [...starts].sort((one, other) => one - other);
  const ranges: { first: number; last: number; verdict: "allow" | "deny" }[] = [];
  for (const [index, first] of ordered.slice(0, -1).entries()) {
    const last = ordered[index + 1]! - 1;
    const verdict = decide(entries, first);
    if (verdict === undefined) continue;
    const before = ranges.at(-1);
    if (before !== undefined && before.last + 1 === first && before.verdict === verdict) before.last = last;
    else ranges.push({ first, last, verdict });
  }
  return ranges.map(({ first, last, verdict }) => ({
    range: first === last ? addressText(first) : `${addressText(first)}-${addressText(last)}`,
    verdict,
  }));
}

function entriesOf(list: readonly string[], verdict: "allow" | "deny"): Entry[] {
  return list.map((text) => {
    const block = parseBlock(text);
    if (block === undefined)
      throw new Fault(
        "invalid",
        `Cannot set egress: ${JSON.stringify(text)} is no IPv4 address or CIDR block`,
      );
    return { ...block, verdict };
  });
}

/** The longest prefix; entries are in order of precedence among equals. */
function decide(entries: readonly Entry[], address: number): "allow" | "deny" | undefined {
  let best: Entry | undefined;
  for (const entry of entries) {
    if (entry.first <= address && address <= entry.last && (best === undefined || entry.bits > best.bits))
      best = entry;
  }
  return best?.verdict;
}
