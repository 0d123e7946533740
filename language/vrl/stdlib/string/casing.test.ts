import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { boundariesFor, cases, charactersOf, convertCase } from "./casing.ts";

const anyName = fc.oneof(
  fc
    .array(fc.constantFrom("a", "B", "CD", "ef", "1", "22", "_", "-", " ", "é", "Ü", "ß", "👍🏽"))
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme" }),
);

test("convertCase() of what is in a case with separators already changes nothing", () => {
  const words = fc.array(fc.constantFrom("a", "bc", "1", "état"), { minLength: 1 });
  fc.assert(
    fc.property(words, (parts) => {
      const snake = parts.join("_");
      assert.equal(convertCase(snake, boundariesFor(undefined), "snake_case"), snake);
      assert.equal(convertCase(snake, boundariesFor("snake_case"), "kebab-case"), parts.join("-"));
      assert.equal(
        convertCase(parts.join("-"), boundariesFor("kebab-case"), "SCREAMING_SNAKE"),
        snake.toUpperCase(),
      );
    }),
  );
});

test("convertCase() keeps every character but separators", () => {
  fc.assert(
    fc.property(anyName, fc.constantFrom(...cases), (name, to) => {
      // "ẞ" is "ß" in lower case, which is "SS" in upper.
      const bare = (text: string) => text.replace(/[ _-]/g, "").toLowerCase().toUpperCase().toLowerCase();
      assert.equal(bare(convertCase(name, boundariesFor(undefined), to)), bare(name));
    }),
  );
});

test("charactersOf() cuts where readers do", () => {
  assert.deepEqual(charactersOf("ab"), ["a", "b"]);
  assert.deepEqual(charactersOf("e\u0301👍🏽x"), ["e\u0301", "👍🏽", "x"]);
  assert.deepEqual(charactersOf("a\r\nb"), ["a", "\r\n", "b"]);
});
