import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isRunning, processIdentity, processUsage } from "./proc.ts";

test("isRunning() knows a process, a gone one and a different one with the same number", async () => {
  const child = spawn("/bin/sleep", ["60"]);
  const identity = processIdentity(child.pid!);
  assert.ok(identity);
  assert.equal(isRunning(identity), true);
  assert.equal(isRunning({ ...identity, startTicks: identity.startTicks + 1 }), false);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(isRunning(identity), false);
});

test("processUsage() reports this process's memory and CPU time", () => {
  const usage = processUsage(process.pid);
  assert.ok(usage);
  assert.ok(usage.memoryBytes > 1e6);
  assert.ok(usage.cpuSeconds > 0);
});
