import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { READS_BEFORE_TURN_ENDS, TURN_UNITS_ALL, TURN_UNITS_ALONE, TURN_UNITS_CONTENDED } from "../limits.ts";
import { Fairness } from "./fairness.ts";
import type { Share } from "./share.ts";
import { type Deferred, unitsOf } from "./turns.ts";

const fairness = (): Fairness => new Fairness();

/** Takes small reads until one has to wait; how many there were. */
function takeAll(share: Share): number {
  let count = 0;
  while (share.turns.takes(share, 100)) count++;
  return count;
}

class Work implements Deferred {
  readonly #done: string[];
  readonly #name: string;

  constructor(name: string, done: string[]) {
    this.#name = name;
    this.#done = done;
  }

  proceed(): number {
    this.#done.push(this.#name);
    return 1;
  }
}

test("a workload alone has a long turn, and the next begins anew", async () => {
  const share = fairness().caller("app", "one");
  assert.equal(takeAll(share), TURN_UNITS_ALONE);
  await setImmediate();
  assert.equal(takeAll(share), TURN_UNITS_ALONE);
});

test("with others there a turn is short, and a large read is paid for in the turns after it", async () => {
  const all = fairness();
  const [flooder, victim] = [all.caller("app", "flooder"), all.caller("app", "victim")];
  takeAll(flooder);
  assert.ok(victim.turns.takes(victim, 100), "the other has its own");
  await setImmediate();
  assert.equal(takeAll(victim), TURN_UNITS_CONTENDED);
  assert.ok(flooder.turns.takes(flooder, 1024 * 1024));
  assert.ok(!flooder.turns.takes(flooder, 1));
  // Reads of the other make turns end.
  let turns = 0;
  for (; !flooder.turns.takes(flooder, 1); turns++) {
    for (let index = 0; index < READS_BEFORE_TURN_ENDS; index++) victim.turns.takes(victim, 100);
    await setImmediate();
  }
  assert.equal(turns, Math.ceil(unitsOf(1024 * 1024) / TURN_UNITS_CONTENDED) - 1);
});

test("what waits is served in turns by workload, however much each has, and everything is served once", async () => {
  const all = fairness();
  const done: string[] = [];
  const flooder = all.caller("app", "flooder");
  const quiet = Array.from({ length: 3 }, (_, index) => all.caller("app", `quiet ${index}`));
  for (const share of [flooder, ...quiet]) takeAll(share);
  for (let index = 0; index < 1_000; index++) all.turns.defer(flooder, new Work("flooder", done));
  for (const share of quiet) all.turns.defer(share, new Work("quiet", done));
  await setImmediate();
  const first = done.slice(0, TURN_UNITS_CONTENDED + quiet.length);
  assert.equal(first.filter((name) => name === "quiet").length, quiet.length);
  assert.ok(done.length <= TURN_UNITS_ALL + TURN_UNITS_CONTENDED, `${done.length} in one turn`);
  while (flooder.backlog.length > 0) await setImmediate();
  assert.equal(done.length, 1_000 + quiet.length);
  assert.equal(flooder.counts.deferred, 1_000);
});
