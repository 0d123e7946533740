import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, isPassword } from "./password.ts";

test("isPassword() knows a password by what hashPassword() made of it, and no other", async () => {
  const [first, second] = [await hashPassword("word"), await hashPassword("word")];
  assert.notEqual(first, second);
  assert.equal(first.includes("word"), false);
  assert.equal(await isPassword("word", first), true);
  assert.equal(await isPassword("word", second), true);
  for (const wrong of ["", "Word", "word ", "wor"]) assert.equal(await isPassword(wrong, first), false);
  for (const none of [undefined, "", "word", "scrypt$2", "bcrypt$2$YQ==$YQ=="]) {
    assert.equal(await isPassword("word", none), false);
  }
});

test("isPassword() works on a few at a time, lets some wait, and refuses more", async () => {
  // The least that scrypt can be asked for.
  const cheap = `scrypt$2$${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(32).toString("base64")}`;
  const guesses = Array.from({ length: 80 }, (_, index) => isPassword(`guess ${index}`, cheap));
  const results = await Promise.allSettled(guesses);
  const refused = results.filter((each) => each.status === "rejected");
  assert.equal(refused.length, 80 - 2 - 64);
  for (const { reason } of refused) assert.match(String(reason), /etcdserver: too many requests/);
  assert.equal(await isPassword("again", cheap), false);
});
