import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptMap } from "./script-map.ts";

const found = (text: string, ...path: (string | number)[]): string | undefined => {
  const span = scriptMap(text).place(path, "key");
  if (span === undefined) return undefined;
  return text.split("\n")[span.line - 1]!.slice(span.column - 1, span.column - 1 + span.length);
};

test("scriptMap() finds keys through calls, arrows, quotes, comments and regular expressions", () => {
  const text = `import { defineApp } from "plinth"; // services: {}
const unused = /"{services: /.test("x") ? 1 : 2;
export default defineApp(({ env }) => ({
  /* web: 1 */
  name: \`shop {\${1}\`,
  services: {
    "we-b": { command: ["a", "replicas: {"], replicas: 4 / 2 },
    api: { env: { A: "1" }, replicas: 1 },
  },
}));`;
  assert.equal(found(text, "services", "we-b", "replicas"), "replicas");
  assert.equal(scriptMap(text).place(["services", "api", "replicas"], "key")?.line, 8);
  assert.equal(scriptMap(text).place(["services", "we-b"], "key")?.line, 7);
  assert.equal(scriptMap(text).place(["services", "we-b", "command", 1], "value")?.line, 7);
  assert.equal(found(text, "services", "api", "env", "B"), undefined);
});

test("scriptMap() follows parts defined apart, and stays silent where two could be meant", () => {
  const apart = "const web = { replics: 1 };\nexport default { services: { web } };";
  assert.equal(found(apart, "services", "web", "replics"), "replics");
  const twice =
    "const a = { replics: 1 };\nconst b = { replics: 2 };\nexport default { services: { a, b } };";
  assert.equal(found(twice, "services", "a", "replics"), undefined);
});

test("scriptMap() reads any text without failing", () => {
  for (const text of ["", "{", "}}}", "`", "'", "/*", "//", "/", "{a:", "a:{b:{", "\\"]) {
    assert.equal(found(text, "zzz"), undefined);
  }
});
