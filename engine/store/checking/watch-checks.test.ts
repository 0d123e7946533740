import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { seededRandom } from "@plinth/clock";
import type { Event, KeyValue } from "../mvcc.ts";
import { Replay } from "./replay.ts";
import { simulate } from "./simulated-store.ts";
import { checkPast, checkWatches, type WatchRecord, type WatchRule } from "./watch-checks.ts";

const SEED = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));

const put = (key: string, modRevision: number, previous?: Event): Event => ({
  kind: "put",
  kv: {
    key,
    value: Buffer.from(`${modRevision}`),
    modRevision,
    createRevision: previous?.kv.createRevision ?? modRevision,
    version: (previous?.kv.version ?? 0) + 1,
    lease: 0n,
  },
  previous: previous?.kv,
});
const removal = (key: string, modRevision: number, previous: KeyValue | undefined): Event => ({
  kind: "delete",
  kv: { key, value: Buffer.alloc(0), modRevision, createRevision: 0, version: 0, lease: 0n },
  previous,
});

/** Revision 4 puts two keys at once. */
const a2 = put("a", 2);
const b3 = put("b", 3);
const a4 = put("a", 4, a2);
const b4 = put("b", 4, b3);
const a5 = removal("a", 5, a4.kv);
const a6 = put("a", 6);
const everything: readonly Event[] = [a2, b3, a4, b4, a5, a6];
const replay = new Replay(everything);

const record = (
  responses: readonly (readonly Event[] | number)[],
  fields: Partial<WatchRecord> = {},
): WatchRecord => ({
  name: "w",
  range: { key: "a", end: "z" },
  fromRevision: 2,
  responses: responses.map((each) =>
    typeof each === "number" ? { events: [], progress: each } : { events: each },
  ),
  ...fields,
});

const onlyA = { range: { key: "a" } };
const good: Readonly<Record<string, WatchRecord>> = {
  "everything at once": record([everything]),
  "everything bit by bit, with progress": record([[a2], 2, [b3], 3, 3, [a4, b4], 4, [a5], [a6], 6]),
  "one key": record([[a2], [a4, a5], [a6], 6], onlyA),
  "a later part": record([4, [a5, a6]], { fromRevision: 5 }),
  "nothing but where it is": record([6], { range: { key: "c" } }),
  "nothing at all": record([]),
};

const bad: Readonly<Record<string, { readonly record: WatchRecord; readonly rules: readonly WatchRule[] }>> =
  {
    "a key that was not watched": { record: record([[a2, b3]], onlyA), rules: ["filter"] },
    "a revision out of order": {
      record: record([
        [b3, a2],
        [a4, b4],
      ]),
      rules: ["ordered", "resumable"],
    },
    "an event twice": {
      record: record([
        [a2, b3],
        [b3, a4, b4],
      ]),
      rules: ["unique", "atomic"],
    },
    "a revision in two pieces": { record: record([[a2, b3, a4], [b4]]), rules: ["atomic"] },
    "a gap": { record: record([[a2], [a4, b4]]), rules: ["reliable"] },
    "a gap before progress": { record: record([[a2], 3]), rules: ["reliable"] },
    "half a revision": { record: record([[a2, b3, a4], [a5]]), rules: ["reliable"] },
    "a beginning that is missing": { record: record([[b3, a4, b4]]), rules: ["reliable", "resumable"] },
    "a beginning from before": { record: record([[b3, a4, b4]], { fromRevision: 4 }), rules: ["resumable"] },
    "progress before its events": { record: record([[a2], 3, [b3]]), rules: ["bookmarkable"] },
    "progress that goes back": { record: record([[a2, b3], 3, 2]), rules: ["bookmarkable"] },
    "progress to before where it began": {
      record: record([2], { fromRevision: 5 }),
      rules: ["bookmarkable"],
    },
    "another value": {
      record: record([[{ ...a2, kv: { ...a2.kv, value: Buffer.from("x") } }]]),
      rules: ["reliable", "resumable"],
    },
    "nothing before a key that was there": {
      record: record([[a2, b3, { ...a4, previous: undefined }, b4]]),
      rules: ["previous"],
    },
    "something before a key that was not there": {
      record: record([[{ ...a2, previous: b3.kv }]]),
      rules: ["previous"],
    },
    "a new key that was there": {
      record: record([[a2, b3, { ...a4, kv: { ...a4.kv, createRevision: 4, version: 1 } }, b4]]),
      rules: ["reliable", "is-create"],
    },
  };

suite("checkWatches()", () => {
  for (const [name, watch] of Object.entries(good)) {
    test(`lets pass ${name}`, () => assert.deepEqual(checkWatches([watch], replay), []));
  }

  for (const [name, { record: watch, rules }] of Object.entries(bad)) {
    test(`finds ${name}`, () => {
      const found = new Set(checkWatches([watch], replay).map(({ rule }) => rule));
      assert.ok(
        rules.every((rule) => found.has(rule)),
        `found ${[...found].join()}`,
      );
    });
  }

  test("takes nothing for what was before where that is compacted", () => {
    const watch = record([[a2, b3, { ...a4, previous: undefined }, b4]]);
    assert.deepEqual(checkWatches([watch], replay, { compactedRevision: 4 }), []);
    assert.equal(checkWatches([watch], replay, { compactedRevision: 3 }).length, 1);
  });

  test(`finds each event that is left out, moved or told again (PLINTH_SEED=${SEED})`, () => {
    const random = seededRandom(SEED);
    const below = (end: number): number => Math.floor(random() * end);
    const { events } = simulate({ random, calls: 200, clients: 4 });
    const history = new Replay(events);
    const whole = events.map((event) => [event]);
    assert.deepEqual(checkWatches([record(whole)], history), []);
    for (let round = 0; round < 50; round++) {
      const index = 1 + below(events.length - 2);
      const other = 1 + ((index + below(events.length - 3)) % (events.length - 2));
      const broken = [
        whole.toSpliced(index, 1),
        whole.toSpliced(index, 0, whole[other]!),
        whole.with(index, whole[index + 1]!).with(index + 1, whole[index]!),
      ];
      for (const responses of broken) {
        assert.notDeepEqual(checkWatches([record(responses)], history), [], `${index}, ${other}`);
      }
    }
  });
});

test("checkPast() finds a read that tells what was not", () => {
  const query = { key: "a", end: "z" };
  const [then, now] = [
    [a4.kv, b4.kv],
    [a6.kv, b4.kv],
  ].map((kvs) => ({ kvs, more: false, count: 2 }));
  assert.deepEqual(checkPast([{ query, revision: 4, result: then! }], replay), []);
  assert.deepEqual(checkPast([{ query, revision: 6, result: now! }], replay), []);
  assert.equal(checkPast([{ query, revision: 5, result: then! }], replay).length, 1);
});
