import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../runtime/value.ts";
import type { LogLevel } from "./host.ts";
import { testHost } from "./call-for-test.ts";
import { log } from "./log.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Kind } from "../checker/kind.ts";
import type { PrepareView } from "./define.ts";

/** A call that can run several times, with what it has logged and a clock that stands still. */
function prepared(level: string): {
  run: (value: Value, quietSeconds: number) => void;
  logged: [LogLevel, Value][];
  advance: (nanoseconds: bigint) => void;
} {
  let now = 1_700_000_000_000_000_000n;
  const logged: [LogLevel, Value][] = [];
  const view: PrepareView = {
    host: testHost({ now: () => now, log: (at, value) => logged.push([at, value]) }),
    timezone: "UTC",
    argument: () => undefined,
    type: () => TypeDef.of(Kind.any),
    constant: (name) => (name === "level" ? level : undefined),
    closure: undefined,
  };
  const run = log.prepare(view);
  assert.ok(typeof run === "function");
  return {
    run: (value, quietSeconds) => assert.equal(run(value, level, quietSeconds), null),
    logged,
    advance: (nanoseconds) => {
      now += nanoseconds;
    },
  };
}

test("log() hands values to the host's log at its level", () => {
  const { run, logged } = prepared("warn");
  run({ a: 1 }, 0);
  run("again", 0);
  assert.deepEqual(logged, [
    ["warn", { a: 1 }],
    ["warn", "again"],
  ]);
});

test("log() is quiet for as long as its limit says", () => {
  const { run, logged, advance } = prepared("info");
  run("first", 2);
  advance(1_999_999_999n);
  run("too early", 2);
  advance(1n);
  run("in time", 2);
  assert.deepEqual(
    logged.map(([, value]) => value),
    ["first", "in time"],
  );
});
