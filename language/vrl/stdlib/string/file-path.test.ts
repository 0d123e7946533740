import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { call } from "../call-for-test.ts";
import { basename } from "../basename.ts";
import { dirname } from "../dirname.ts";
import { componentsOf } from "./file-path.ts";

const anyPath = fc
  .array(fc.constantFrom("/", "//", ".", "..", "a", "b.c", "é "))
  .map((parts) => parts.join(""));

test("componentsOf() gives parts that make the same path again", () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const names = componentsOf(path).map(({ name }) => name);
      const again = componentsOf(names.join("/")).map(({ name }) => name);
      assert.deepEqual(again, names);
      assert.equal(posix.normalize(posix.join(...names, ".")), posix.normalize(posix.join(path, ".")));
    }),
  );
});

test("basename and dirname of a path of names are those of Unix", () => {
  const anyNames = fc.array(fc.constantFrom("a", "b.c", "é "), { minLength: 1 });
  fc.assert(
    fc.property(anyNames, fc.boolean(), (names, isAbsolute) => {
      const value = (isAbsolute ? "/" : "") + names.join("/");
      assert.equal(call(basename, { value }), posix.basename(value));
      assert.equal(call(dirname, { value }), posix.dirname(value));
    }),
  );
});
