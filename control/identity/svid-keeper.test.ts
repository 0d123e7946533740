import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { type CertificateAuthority, SVID_LIFE_MS } from "./certificate-authority.ts";
import { type SvidSource, SvidKeeper } from "./svid-keeper.ts";
import { generateKeyPair } from "./key-pair.ts";
import { openTestAuthority } from "./test-authority.ts";

const web = { kind: "service", app: "shop", service: "web" } as const;
const HOUR_MS = 3_600_000;
const STEP_MS = 5_000;

interface Trial extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly authority: CertificateAuthority;
  readonly keeper: SvidKeeper;
  /** Set to make the source fail or hang. */
  readonly source: { mode: "right" | "failing" | "hanging"; asked: number };
  readonly lines: string[];
  /** Moves time on in steps shorter than any timeout, in each of which the thread pool ends what it has under way. */
  advance(byMs: number): Promise<void>;
}

async function openTrial(signal: AbortSignal): Promise<Trial> {
  const clock = new VirtualClock();
  const held = await openTestAuthority({ clock });
  const { authority } = held;
  const source: Trial["source"] = { mode: "right", asked: 0 };
  let underWay = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; quiet = underWay > 0 ? 0 : quiet + 1) {
      signal.throwIfAborted();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const asked: SvidSource = {
    get bundle() {
      return authority.bundle;
    },
    subscribe: (listener) => authority.subscribe(listener),
    async issue(identity, keys) {
      source.asked++;
      if (source.mode === "failing") throw new Error("authority is away");
      if (source.mode === "hanging") return new Promise(() => {});
      return counted(() => authority.issue(identity, keys));
    },
  };
  const lines: string[] = [];
  const log = createLog({ clock, write: (line) => lines.push(line) });
  const keeper = new SvidKeeper({
    source: asked,
    clock,
    log,
    random: seededRandom(7),
    makeKeys: () => counted(generateKeyPair),
  });
  return {
    clock,
    authority,
    keeper,
    source,
    lines,
    async advance(byMs) {
      await settle();
      for (let left = byMs; left > 0; left -= STEP_MS) {
        await clock.advance(Math.min(left, STEP_MS));
        await settle();
      }
    },
    async [Symbol.asyncDispose]() {
      keeper[Symbol.dispose]();
      await held[Symbol.asyncDispose]();
    },
  };
}

test("SvidKeeper renews at about 70 % of life, and its key is new each time", async ({ signal }) => {
  await using trial = await openTrial(signal);
  const { keeper } = trial;
  const id = keeper.add(web);
  const first = await keeper.ready(id, signal);
  await trial.advance(0.66 * SVID_LIFE_MS);
  await trial.advance(0);
  assert.equal(keeper.svid(id), first);
  const changed = keeper.changed(signal);
  await trial.advance(0.08 * SVID_LIFE_MS);
  await changed;
  const second = keeper.svid(id)!;
  assert.notEqual(second, first);
  assert.ok(!second.privateKey.equals(first.privateKey));
  assert.equal(trial.source.asked, 2);
});

test("SvidKeeper serves the old SVID to its end while the authority is away, and asks ever less often", async ({
  signal,
}) => {
  await using trial = await openTrial(signal);
  const { keeper, source } = trial;
  const id = keeper.add(web);
  const first = await keeper.ready(id, signal);
  source.mode = "failing";
  for (let hour = 0; hour < 23; hour++) await trial.advance(HOUR_MS);
  await trial.advance(0);
  assert.equal(keeper.svid(id), first);
  assert.ok(source.asked > 1);
  assert.ok(trial.lines.some((line) => line.includes("authority is away")));
  await trial.advance(2 * HOUR_MS);
  assert.equal(keeper.svid(id), undefined, "an expired one is not served");
  source.mode = "right";
  const back = keeper.ready(id, signal);
  await trial.advance(120_000);
  await trial.advance(0);
  assert.ok((await back).notBeforeMs > first.notAfterMs);
});

test("renewAll() replaces every SVID within its first second, the old ones serving on until then", async ({
  signal,
}) => {
  await using trial = await openTrial(signal);
  const { keeper } = trial;
  const ids = [web, { ...web, service: "db" } as const].map((identity) => keeper.add(identity));
  const old = await Promise.all(ids.map((id) => keeper.ready(id, signal)));
  const replaced = keeper.renewAll(signal);
  assert.deepEqual(
    ids.map((id) => keeper.svid(id)),
    old,
  );
  assert.equal(await replaced, 2);
  for (const [at, id] of ids.entries()) {
    const now = keeper.svid(id)!;
    assert.notDeepEqual(now.certificates, old[at]!.certificates);
    assert.equal(now.notAfterMs, old[at]!.notAfterMs);
  }
});

test("SvidKeeper leaves an authority that never answers", async ({ signal }) => {
  await using trial = await openTrial(signal);
  const { keeper, source } = trial;
  source.mode = "hanging";
  const id = keeper.add(web);
  await trial.advance(0);
  assert.equal(source.asked, 1);
  await trial.advance(31_000);
  assert.ok(trial.lines.some((line) => line.includes("No certificate came")));
  source.mode = "right";
  const ready = keeper.ready(id, signal);
  await trial.advance(60_000);
  await ready;
});

test("SvidKeeper asks anew within a minute when the wall clock has jumped, and at once when another root signs", async ({
  signal,
}) => {
  await using trial = await openTrial(signal);
  const { keeper, clock, authority } = trial;
  const id = keeper.add(web);
  const first = await keeper.ready(id, signal);
  await trial.advance(20_000);
  let jumpMs = 16 * HOUR_MS + 60 * 60_000;
  const trueNow = clock.now.bind(clock);
  clock.now = () => trueNow() + jumpMs;
  let changed = keeper.changed(signal);
  await trial.advance(60_000);
  await changed;
  const second = keeper.svid(id)!;
  assert.ok(second.notBeforeMs > first.notBeforeMs);
  jumpMs = 0;
  changed = keeper.changed(signal);
  await trial.advance(60_000);
  await changed;
  assert.ok(keeper.svid(id)!.notBeforeMs < second.notBeforeMs, "one that is not valid yet is replaced");

  await trial.advance(20_000);
  const third = keeper.svid(id)!;
  await authority.prepareRoot();
  await trial.advance(0);
  assert.equal(keeper.svid(id), third, "still good: its root signs");
  assert.ok(keeper.isRenewed);
  await authority.activateRoot();
  assert.ok(!keeper.isRenewed);
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = keeper.subscribe(() => keeper.svid(id) !== third && resolve());
  await promise;
  leave();
  assert.ok(keeper.isRenewed);
  await authority.retireRoot({ force: true });
  assert.ok(keeper.svid(id) !== undefined, "nothing is left of the old root");
});

test("SvidKeeper forgets what it is told to forget, and ends waiting with the signal", async ({ signal }) => {
  await using trial = await openTrial(signal);
  const { keeper } = trial;
  const id = keeper.add(web);
  await keeper.ready(id, signal);
  keeper.remove(web);
  assert.equal(keeper.svid(id), undefined);
  const abort = new AbortController();
  const waiting = keeper.ready(id, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});
