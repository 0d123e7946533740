import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { checkListAppend } from "./list-append.ts";
import type { Anomaly, AnomalyName, ListOperation, RegisterOperation, TransactionRecord } from "./record.ts";
import { checkRegisters } from "./register.ts";
import { type SimulatedIsolation, simulateTransactions } from "./simulated-transactions.ts";

const SEED = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));

type Outcome = TransactionRecord<unknown>["outcome"];
const outcomes: Readonly<Record<string, Outcome>> = { "!": "aborted", "~": "unknown" };

/**
 * "start-end: steps", of which "x+1" appends, "x[1,2]" reads a list, "x=1" writes a register, "x?1" reads one and "x?"
 * one that holds nothing. Behind the end "!" stands for aborted, "~" for unknown.
 */
function recordsOf<Operation>(
  lines: readonly string[],
  operationOf: (key: string, rest: string) => Operation,
): TransactionRecord<Operation>[] {
  return lines.map((line, client) => {
    const [, start, end, mark, steps] = /^(\d+)-(\d+)([!~]?): (.*)$/.exec(line)!;
    return {
      client,
      outcome: outcomes[mark!] ?? "committed",
      operations: steps!.split(" ").map((step) => operationOf(step[0]!, step.slice(1))),
      startMs: Number(start),
      endMs: Number(end),
    };
  });
}

const lists = (lines: readonly string[]): readonly TransactionRecord<ListOperation>[] =>
  recordsOf(lines, (key, rest): ListOperation => {
    if (rest.startsWith("+")) return { kind: "append", key, element: rest.slice(1) };
    return {
      kind: "read",
      key,
      elements: rest
        .slice(1, -1)
        .split(",")
        .filter((element) => element !== ""),
    };
  });
const registers = (lines: readonly string[]): readonly TransactionRecord<RegisterOperation>[] =>
  recordsOf(lines, (key, rest): RegisterOperation => {
    const value = rest.slice(1);
    if (rest.startsWith("=")) return { kind: "write", key, value };
    return { kind: "read", key, value: value === "" ? undefined : value };
  });

const namesOf = (anomalies: readonly Anomaly[]): AnomalyName[] =>
  [...new Set(anomalies.map(({ name }) => name))].sort();

interface Case {
  readonly history: readonly string[];
  readonly anomalies: readonly AnomalyName[];
}

const ofLists: Readonly<Record<string, Case>> = {
  nothing: { history: [], anomalies: [] },
  "one after the other": { history: ["0-1: x+1", "2-3: x[1] x+2", "4-5: x[1,2]"], anomalies: [] },
  "two at once in either order": {
    history: ["0-9: x+1 y+1", "0-9: x+2 y+2", "10-11: x[2,1] y[2,1]"],
    anomalies: [],
  },
  "its own append": { history: ["0-1: x+1 x[1] x+2 x[1,2]"], anomalies: [] },
  "an unknown one that happened": { history: ["0-1~: x+1", "2-3: x[1]"], anomalies: [] },
  "an unknown one that did not": {
    history: ["0-1~: x+1", "2-3: x[]", "4-5: x+2", "6-7: x[2]"],
    anomalies: [],
  },
  "an aborted one that nobody sees": { history: ["0-1!: x+1", "2-3: x[]"], anomalies: [] },
  G0: { history: ["0-9: x+1 y+1", "0-9: x+2 y+2", "10-11: x[1,2] y[2,1]"], anomalies: ["G0"] },
  G1a: { history: ["0-1!: x+1", "0-9: x[1]"], anomalies: ["G1a"] },
  G1b: { history: ["0-9: x+1 x+2", "0-9: x[1]", "10-11: x[1,2]"], anomalies: ["G-single", "G1b"] },
  G1c: { history: ["0-9: x+1 y[1]", "0-9: y+1 x[1]"], anomalies: ["G1c"] },
  "G1c over a write": {
    history: ["0-9: x+1 y[1]", "0-9: x+2 y+1", "10-11: x[2,1]"],
    anomalies: [],
  },
  "read skew": { history: ["0-9: x[] y[1]", "0-9: x+1 y+1"], anomalies: ["G-single"] },
  "a lost update": {
    history: ["0-9: x[] x+1", "0-9: x[] x+2", "10-11: x[1,2]"],
    anomalies: ["G-single", "lost-update"],
  },
  "write skew": { history: ["0-9: x[] y[] x+1", "0-9: x[] y[] y+1"], anomalies: ["G2-item"] },
  "write skew of three": {
    history: ["0-9: x[] y+1", "0-9: y[] z+1", "0-9: z[] x+1"],
    anomalies: ["G2-item"],
  },
  "a lost write": { history: ["0-1: x+1", "2-3: x[]"], anomalies: ["G-single-realtime"] },
  "a stale read": { history: ["0-1: x+1", "0-1: y+1", "2-3: x[1] y[]"], anomalies: ["G-single-realtime"] },
  "a read from the future": { history: ["0-1: x[1]", "2-3: x+1"], anomalies: ["G1c-realtime"] },
  "writes against time": {
    history: ["0-1: x+1", "2-3: x+2", "4-5: x[2,1]"],
    anomalies: ["G0-realtime"],
  },
  "one read that does not agree with the one before": {
    history: ["0-9: x[] x[1]", "0-9: x+1"],
    anomalies: ["G-single", "internal"],
  },
  "its own append that it does not see": { history: ["0-9: x+1 x[]"], anomalies: ["internal"] },
  "another's append behind its own": { history: ["0-9: x+1 x[1,2]", "0-9: x+2"], anomalies: ["internal"] },
  "lists that branch": {
    history: ["0-9: x+1", "0-9: x+2", "10-11: x[1]", "10-11: x[2]"],
    anomalies: ["G-single-realtime", "incompatible-order"],
  },
  "an element twice": { history: ["0-1: x+1", "2-3: x[1,1]"], anomalies: ["duplicate"] },
  "an element of nobody's": { history: ["0-1: x[7]"], anomalies: ["garbage"] },
};

const ofRegisters: Readonly<Record<string, Case>> = {
  "one after the other": { history: ["0-1: x=1", "2-3: x?1 x=2", "4-5: x?2"], anomalies: [] },
  "two at once": { history: ["0-9: x=1", "0-9: x=2", "10-11: x?1"], anomalies: [] },
  "an unknown one either way": { history: ["0-1~: x=1", "2-3: x?", "4-5: x?1"], anomalies: [] },
  G0: { history: ["0-9: x=1 y?2 y=3", "0-9: x?1 x=4 y=2"], anomalies: ["G0", "G1c"] },
  G1a: { history: ["0-1!: x=1", "2-3: x?1"], anomalies: ["G1a"] },
  G1b: { history: ["0-9: x=1 x=2", "0-9: x?1"], anomalies: ["G-single", "G1b"] },
  G1c: { history: ["0-9: x=1 y?1", "0-9: y=1 x?1"], anomalies: ["G1c"] },
  "read skew": { history: ["0-9: x? y?1", "0-9: x=1 y=1"], anomalies: ["G-single"] },
  "a lost update": {
    history: ["0-1: x=0", "2-9: x?0 x=1", "2-9: x?0 x=2"],
    anomalies: ["G2-item", "lost-update"],
  },
  "write skew": { history: ["0-9: x? y? x=1", "0-9: x? y? y=1"], anomalies: ["G2-item"] },
  "a lost write": { history: ["0-1: x=1", "2-3: x?"], anomalies: ["G-single-realtime"] },
  "a read from the future": { history: ["0-1: x?1", "2-3: x=1"], anomalies: ["G1c-realtime"] },
  "a read that does not agree with its own write": {
    history: ["0-1: x=1 x?2", "0-9: x=2"],
    anomalies: ["internal"],
  },
  "a value of nobody's": { history: ["0-1: x?7"], anomalies: ["garbage"] },
};

for (const [name, check, cases] of [
  ["checkListAppend()", (lines: readonly string[]) => checkListAppend(lists(lines)), ofLists],
  ["checkRegisters()", (lines: readonly string[]) => checkRegisters(registers(lines)), ofRegisters],
] as const) {
  suite(name, () => {
    for (const [title, { history, anomalies }] of Object.entries(cases)) {
      test(`${anomalies.length === 0 ? "lets pass" : `finds ${anomalies.join(" and ")} in`} ${title}`, () => {
        const found = check(history);
        assert.deepEqual(namesOf(found), anomalies, found.map(({ text }) => text).join("\n"));
      });
    }
  });
}

test("checkListAppend() tells the circle", () => {
  const [anomaly] = checkListAppend(lists(["0-9: x[] y[] x+1", "0-9: x[] y[] y+2"]));
  assert.match(anomaly!.text, /T1 = x is \[\], y is \[\], append 2 to y \(client 1, committed\)/);
  assert.match(anomaly!.text, /T0 before T1 \(rw\): T0 read y without 2, which T1 wrote/);
});

/** The anomalies that each isolation may show and, of those that it fails by, some that it must in many rounds. */
const simulated: Readonly<
  Record<
    SimulatedIsolation,
    { readonly may?: readonly AnomalyName[]; readonly must?: readonly AnomalyName[] }
  >
> = {
  serializable: { may: [] },
  snapshot: { may: ["G2-item", "G2-item-realtime"], must: ["G2-item"] },
  "lost-updates": { must: ["lost-update", "incompatible-order"] },
  "read-committed": { must: ["G-single", "internal"] },
  "dirty-reads": { must: ["G1a", "G1b"] },
  "stale-snapshot": { must: ["G-single-realtime"] },
};

for (const [isolation, { may, must = [] }] of Object.entries(simulated)) {
  test(`checkListAppend() knows a store with ${isolation} (PLINTH_SEED=${SEED})`, () => {
    const random = seededRandom(SEED);
    const found: Anomaly[] = [];
    for (let round = 0; round < 30; round++) {
      const size = { transactions: 100, clients: 2 + (round % 5) };
      found.push(...checkListAppend(simulateTransactions(random, isolation as SimulatedIsolation, size)));
    }
    const names = namesOf(found);
    for (const name of must) assert.ok(names.includes(name), `${name} is not among ${names.join()}`);
    if (may === undefined) return;
    const wrong = found.find(({ name }) => !may.includes(name));
    assert.equal(wrong, undefined, `${wrong?.name}: ${wrong?.text}`);
  });
}
