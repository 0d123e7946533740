import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "./log.ts";

test("createLog() writes logfmt, quotes what needs it and drops lines below its level", () => {
  const lines: string[] = [];
  const log = createLog({
    clock: new VirtualClock(0),
    write: (line) => lines.push(line),
    fields: { part: "api" },
  });
  log.debug("unseen");
  log.with({ app: "shop" }).warn("probe failed", { reason: "evil\u001b[2J", status: 503 });
  assert.deepEqual(lines, [
    '1970-01-01T00:00:00.000Z warn "probe failed" part=api app=shop reason="evil\\u001b[2J" status=503\n',
  ]);
});

test("a log that cannot be written to ends nobody", () => {
  const script = `
    import { createLog } from ${JSON.stringify(import.meta.resolve("./log.ts"))};
    const log = createLog();
    log.info("one");
    setImmediate(() => {
      log.info("two");
      setImmediate(() => console.log("alive"));
    });
  `;
  const full = openSync("/dev/full", "w");
  try {
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", full],
      encoding: "utf8",
    });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: "alive\n" });
  } finally {
    closeSync(full);
  }
});
