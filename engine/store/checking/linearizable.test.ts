import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { etcdModel } from "./etcd-model.ts";
import type { Call } from "./history.ts";
import { checkLinearizable, type Model } from "./linearizable.ts";
import { Replay } from "./replay.ts";
import { simulate, type SimulatedFault } from "./simulated-store.ts";

const SEED = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));

type Request =
  | { readonly kind: "write"; readonly register: string; readonly value: number }
  | { readonly kind: "read"; readonly register: string };

/** Registers that hold 0 at first; a write's response is what it wrote. */
const registers: Model<number, Request, number> = {
  initial: 0,
  step(state, request, response) {
    const next = request.kind === "write" ? request.value : state;
    return response === undefined || response === next ? next : undefined;
  },
  identify: String,
  describe: (request, response) => `${JSON.stringify(request)} -> ${response}`,
  partOf: ({ register }) => register,
};

/** "client start-end register=value" for a write, "register?value" for a read; "!" at the end: the answer was lost. */
function historyOf(...lines: readonly string[]): Call<Request, number>[] {
  return lines.map((line) => {
    const [, client, start, end, register, sign, value, lost] =
      /^(\d+) (\d+)-(\d+) (\w)([=?])(\d+)(!?)$/.exec(line)!;
    return {
      client: Number(client),
      request:
        sign === "="
          ? { kind: "write", register: register!, value: Number(value) }
          : { kind: "read", register: register! },
      response: lost === "!" ? undefined : Number(value),
      startMs: Number(start),
      endMs: Number(end),
    };
  });
}

const good: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  "one after the other": ["1 0-1 x=1", "1 2-3 x?1"],
  "a read during a write sees it": ["1 0-9 x=1", "2 1-2 x?1"],
  "a read during a write does not see it": ["1 0-9 x=1", "2 1-2 x?0"],
  "two writes at once, seen in one order": ["1 0-9 x=1", "2 0-9 x=2", "3 10-11 x?1"],
  "a lost write that has happened": ["1 0-1 x=1!", "2 2-3 x?1"],
  "a lost write that has not happened": ["1 0-1 x=1!", "2 2-3 x?0"],
  "a lost write that happens long after its client gave up": ["1 0-1 x=1!", "2 2-3 x?0", "2 4-5 x?1"],
  "a lost write that never happens": ["1 0-1 x=1!", "2 2-3 x=2", "2 4-5 x?2", "2 6-7 x?2"],
  "an end and a start at the same time are not in order": ["1 0-1 x=1", "2 1-2 x?0"],
  "registers that do not depend on each other": ["1 0-1 x=1", "2 0-1 y=2", "1 2-3 y?2", "2 2-3 x?1"],
};

const bad: Readonly<Record<string, { readonly calls: readonly string[]; readonly blocked: string }>> = {
  "a stale read": { calls: ["1 0-1 x=1", "2 2-3 x?0", "2 4-5 x?0"], blocked: "2 2-3 x?0" },
  "a lost acknowledged write": { calls: ["1 0-1 x=1", "1 2-3 x=2", "2 4-5 x?1"], blocked: "2 4-5 x?1" },
  "a read from the future": { calls: ["1 0-1 x?1", "2 2-3 x=1"], blocked: "1 0-1 x?1" },
  "two readers that disagree on the order": {
    calls: ["1 0-20 x=1", "2 0-20 x=2", "3 1-2 x?1", "4 3-4 x?2", "3 5-6 x?2", "4 7-8 x?1"],
    blocked: "4 7-8 x?1",
  },
  "a lost write that comes undone": {
    calls: ["1 0-1 x=1!", "2 2-3 x?1", "2 4-5 x?0"],
    blocked: "2 4-5 x?0",
  },
  "a lost write that happens twice": {
    calls: ["1 0-1 x=1!", "2 2-3 x?1", "2 4-5 x=2", "2 6-7 x?1"],
    blocked: "2 6-7 x?1",
  },
  "in one register of two": {
    calls: ["1 0-1 y=1", "1 0-1 x=1", "2 2-3 y?1", "2 2-3 x?0"],
    blocked: "2 2-3 x?0",
  },
};

suite("checkLinearizable()", () => {
  for (const [name, lines] of Object.entries(good)) {
    test(`explains ${name}`, () => {
      assert.equal(checkLinearizable(registers, historyOf(...lines)).kind, "linearizable");
    });
  }

  for (const [name, { calls, blocked }] of Object.entries(bad)) {
    test(`finds ${name}`, () => {
      const verdict = checkLinearizable(registers, historyOf(...calls));
      assert.equal(verdict.kind, "violation");
      assert.deepEqual(verdict.blocked, historyOf(blocked)[0]);
      assert.ok(verdict.text.includes("no order"), verdict.text);
      // The beginning that it tells is bad by itself, and good without the call that it blames.
      assert.equal(checkLinearizable(registers, verdict.prefix).kind, "violation");
      const before = verdict.prefix.filter((call) => call !== verdict.blocked);
      assert.equal(checkLinearizable(registers, before).kind, "linearizable");
    });
  }

  test("says that it does not know when its time is over", () => {
    const clock = new VirtualClock();
    // Writes all at once, and a read of none of them: every order is tried.
    const writes = Array.from({ length: 12 }, (_, index) => `${index} 0-10 x=${index + 1}`);
    const calls = historyOf(...writes, "20 11-12 x?99");
    assert.equal(checkLinearizable(registers, calls, { clock, timeLimitMs: 0 }).kind, "unknown");
    assert.equal(checkLinearizable(registers, calls, { clock }).kind, "violation");
  });

  test(`explains what a store did one after the other (PLINTH_SEED=${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 30; round++) {
      const { calls, events } = simulate({ random, calls: 120, clients: 1 + (round % 6) });
      for (const model of [etcdModel(), etcdModel(new Replay(events))]) {
        const verdict = checkLinearizable(model, calls);
        assert.equal(verdict.kind, "linearizable", verdict.kind === "violation" ? verdict.text : "unknown");
      }
    }
  });

  for (const fault of ["lost-write", "stale-read", "revision-twice"] satisfies SimulatedFault[]) {
    test(`finds a store with the fault ${fault} (PLINTH_SEED=${SEED})`, () => {
      const random = seededRandom(SEED);
      for (let round = 0; round < 10; round++) {
        // One client: with more, a fault can look like another order.
        const { calls } = simulate({ random, calls: 120, clients: 1, fault });
        assert.equal(checkLinearizable(etcdModel(), calls).kind, "violation");
      }
    });
  }

  test(`finds a write that no watcher was told of (PLINTH_SEED=${SEED})`, () => {
    const { calls, events } = simulate({ random: seededRandom(SEED), calls: 120, clients: 3 });
    const told = events.map((event) =>
      event.kv.modRevision === 9 ? { ...event, kv: { ...event.kv, key: "elsewhere" } } : event,
    );
    assert.equal(checkLinearizable(etcdModel(new Replay(told)), calls).kind, "violation");
    assert.throws(() => new Replay(events.filter(({ kv }) => kv.modRevision !== 9)), /from revision 8 to 10/);
  });
});
