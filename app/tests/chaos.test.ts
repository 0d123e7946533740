import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Chaos, createChaos } from "./chaos.ts";

const IS_SOAK = process.env["PLINTH_SOAK"] === "1";
/** Each round takes every step once, in an order of its own; the short run takes some, others each time. */
const ROUNDS = IS_SOAK ? 40 : 1;
const STEPS_MAX = IS_SOAK ? Number.POSITIVE_INFINITY : 6;
const PROXY_KILLS = IS_SOAK ? 40 : 2;
const SEED = Number(process.env["PLINTH_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

type Step = (chaos: Chaos) => Promise<void>;

const steps: Readonly<Record<string, Step>> = {
  deploy: (chaos) => chaos.deploy(),
  rollback: (chaos) => chaos.rollback(),
  scale: (chaos) => chaos.scale(),
  "broken release": (chaos) => chaos.shipBroken(),
  "kill an instance": (chaos) => chaos.killInstance(),
  "kill the daemon": (chaos) => chaos.killDaemon(),
  "terminate the daemon": (chaos) => chaos.killDaemon("SIGTERM"),
  "upgrade the proxy": (chaos) => chaos.upgradeProxy(),
  "kill the daemon in the middle of a deploy": async (chaos) => {
    await together(
      chaos.deploy(),
      chaos.pause().then(() => chaos.killDaemon()),
    );
  },
  "kill the daemon in the middle of a rollback": async (chaos) => {
    await together(
      chaos.rollback(),
      chaos.pause().then(() => chaos.killDaemon()),
    );
  },
  "upgrade the proxy in the middle of a deploy": async (chaos) => {
    await together(
      chaos.deploy(),
      chaos.pause().then(() => chaos.upgradeProxy()),
    );
  },
};

/** Fails with the first that failed, but not before all have ended: nothing runs on into the next step. */
async function together(...deeds: Promise<void>[]): Promise<void> {
  await Promise.allSettled(deeds);
  await Promise.all(deeds);
}

test(`whatever happens in whatever order, no request fails and what is said is so (PLINTH_SEED=${SEED})`, async (t) => {
  await using chaos = await createChaos(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of chaos.shuffled(Object.keys(steps)).slice(0, STEPS_MAX)) {
      t.diagnostic(name);
      await chaos.check(name, () => steps[name]!(chaos));
    }
  }
  const left = await chaos.down();
  assert.deepEqual(left.processes, []);
  assert.deepEqual(left.listening, []);
  assert.deepEqual(readdirSync(join(chaos.home, "instances")), []);
});

test(`a proxy that is killed loses only what was under way, and instances are left alone (PLINTH_SEED=${SEED})`, async () => {
  await using chaos = await createChaos(SEED);
  for (let kill = 0; kill < PROXY_KILLS; kill++) await chaos.killProxy(kill % 2 === 1);
});
