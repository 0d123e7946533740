import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween } from "./release-changes.ts";

const source = (letter: string) => ({ directory: "/x", digest: `sha256:${letter.repeat(64)}` });

test("changesBetween() names services, files, environment and replicas", () => {
  const before = {
    services: { a: { command: ["a"], source: source("a") }, gone: { command: ["x"] } },
    ingress: { "*": "a" },
    secrets: { key: 1 },
  };
  const after = {
    services: {
      a: {
        command: ["a"],
        source: source("b"),
        replicas: 3,
        env: { BREAK: "crash", KEY: { secret: "key" } },
      },
      b: { command: ["b"] },
    },
    ingress: { "*": "a" },
    secrets: { key: 2 },
  };
  assert.deepEqual(
    changesBetween(before, after).map(({ service, text }) => `${service}: ${text}`),
    [
      "a: new files",
      "a: env BREAK=crash added",
      "a: env KEY=secret key added",
      "a: replicas 1 → 3",
      "b: added",
      "gone: removed",
      "secret: key changed",
    ],
  );
  assert.deepEqual(changesBetween(after, after), []);
});
