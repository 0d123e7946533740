import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isInstalled } from "../programs.ts";
import type { Contender } from "./contender.ts";
import { type DeployReport, measureDeploys } from "./measure.ts";
import { byRestart, oneByOne } from "./nginx.ts";
import { byPlinth } from "./plinth.ts";

/** Debian keeps nginx where an ordinary user's shell does not look. */
process.env["PATH"] += ":/usr/sbin";

async function deployedOnce(contender: Contender): Promise<DeployReport> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-deploy-"));
  try {
    return await measureDeploys(contender, { deploys: 1, pauseMs: 250 }, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("measureDeploys() sees no request fail when Plinth deploys", async () => {
  const { asked, failed, gapMs, seconds } = await deployedOnce(byPlinth("cooperative"));
  assert.equal(failed, 0);
  assert.equal(seconds.length, 1);
  assert.ok(asked >= 100, `${asked} requests in half a second and a deploy`);
  assert.ok(gapMs < 5000, `${gapMs} ms without an answer`);
});

const skip = isInstalled("nginx") ? false : "no nginx here (Debian's nginx-light)";

test("measureDeploys() sees requests fail behind nginx while the one process is away", { skip }, async () => {
  const { failed, gapMs, seconds } = await deployedOnce(byRestart);
  assert.ok(failed > 0, "nobody answers between the old process and the new one");
  assert.ok(gapMs > 20 && gapMs / 1000 <= seconds[0]! + 1, `${gapMs} ms without an answer`);
});

test(
  "measureDeploys() sees no request fail behind nginx when a careful person deploys",
  { skip },
  async () => {
    const { failed } = await deployedOnce(oneByOne);
    assert.equal(failed, 0);
  },
);
