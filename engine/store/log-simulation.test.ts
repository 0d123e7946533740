/** The write-ahead log on a disk that fails, tears writes, loses power and flips bits, by seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { inlineCheckpointer } from "./checkpoint.ts";
import { recoverLog } from "./log-recovery.ts";
import { type MemoryFile, type Revisions, revisionsOf, SEGMENT_BYTES, Simulation } from "./log-simulation.ts";
import { recoverLoggedFile } from "./logged-file.ts";
import { StoreError } from "./mvcc.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

/** Seeds tried; the soak run asks for more. */
const SEEDS = Number(process.env["PLINTH_ROUNDS"] ?? 10) * 10;
const LIVES = 6;
const FLIPS = 12;

/** Runs with the seed told where it fails. */
async function withSeeds(run: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}

test(`LoggedFile keeps what was acknowledged, whole, through power failures and failing disks (${SEEDS} seeds)`, async () => {
  let acknowledged = 0;
  await withSeeds(async (seed) => {
    const simulation = new Simulation(seededRandom(seed));
    for (let life = 0; life < LIVES; life++) await simulation.run();
    acknowledged += simulation.acknowledged.size;
  });
  assert.ok(acknowledged > SEEDS * 50, `${acknowledged} commits were acknowledged`);
});

async function recovered(disk: SimulatedDisk, file: MemoryFile): Promise<Revisions> {
  const base = file.copy();
  const checkpointer = inlineCheckpointer(disk, base);
  const parts = { base, disk, clock: new VirtualClock(), checkpointer, segmentBytes: SEGMENT_BYTES };
  await using _file = await recoverLoggedFile(parts);
  return revisionsOf(base);
}

test("LoggedFile says that a bit of the log has flipped; only the commit written last it takes for cut off", async () => {
  let refused = 0;
  await withSeeds(async (seed) => {
    const random = seededRandom(seed);
    const simulation = new Simulation(random);
    await simulation.run();
    const { disk, file } = simulation;
    const whole = await recovered(disk.copy(), file);
    const { sequence } = file.checkpoint();
    const log = await recoverLog(disk.copy(), file.storeId(), sequence, SEGMENT_BYTES);
    const last = log.extents.at(-1);
    const names = [...log.kept, ...log.spare];
    for (let flip = 0; flip < FLIPS && log.kept.length > 0; flip++) {
      const flipped = disk.copy();
      const name = names[Math.floor(random() * names.length)]!;
      const bytes = flipped.contents(name);
      const at = Math.floor(random() * bytes.length);
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      let found: Revisions;
      try {
        found = await recovered(flipped, file);
      } catch (error) {
        assert.ok(error instanceof StoreError && error.code === "corrupt", String(error));
        refused += 1;
        continue;
      }
      const isLast = name === last?.name && at >= last.from && at < last.to;
      // A commit may be of several revisions; those that it leaves out are the newest.
      const left = [...whole].slice(0, found.size);
      assert.deepEqual([...found], isLast ? left : [...whole]);
    }
  });
  assert.ok(refused > SEEDS, `${refused} flips were said`);
});
