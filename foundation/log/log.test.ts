import assert from "node:assert/strict";
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
