import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { Tokens } from "./tokens.ts";

test("Tokens end five minutes after their last use, with their user, or all at once", async () => {
  const clock = new VirtualClock();
  const tokens = new Tokens(clock);
  const [first, second, third] = [tokens.assign("ann"), tokens.assign("ann"), tokens.assign("bob")];
  await clock.advance(299_000);
  assert.equal(tokens.userOf(first), "ann");
  await clock.advance(2_000);
  assert.equal(tokens.userOf(second), undefined);
  assert.equal(tokens.userOf(first), "ann");
  assert.equal(tokens.userOf(third), undefined);
  const fourth = tokens.assign("bob");
  tokens.end("ann");
  assert.equal(tokens.userOf(first), undefined);
  assert.equal(tokens.userOf(fourth), "bob");
  tokens.endAll();
  assert.equal(tokens.userOf(fourth), undefined);
  assert.equal(tokens.userOf(""), undefined);
});
