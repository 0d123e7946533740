import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MachineClaims } from "./machine-claims.ts";

function scratch(t: { after(undo: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), "plinth-claims-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const home = (id: string): { directory: string; id: string } => ({ directory: `/home/${id}`, id });

test("MachineClaims.claim() gives many homes at once a slot each", async (t) => {
  const directory = scratch(t);
  const slots = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      new MachineClaims(home(`h${index}`), () => Promise.resolve("present"), directory).claim("block", 20, 3),
    ),
  );
  assert.deepEqual(
    slots.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index),
  );
  const late = new MachineClaims(home("late"), () => Promise.resolve("present"), directory);
  await assert.rejects(late.claim("block", 20, 0), /all 20 are taken/);
});

test("MachineClaims.claim() takes over what a home that is gone had claimed, and only that", async (t) => {
  const directory = scratch(t);
  await new MachineClaims(home("gone"), () => Promise.resolve("present"), directory).claim("ports", 2, 0);
  await new MachineClaims(home("stays"), () => Promise.resolve("present"), directory).claim("ports", 2, 0);
  const next = new MachineClaims(
    home("next"),
    ({ id }) => Promise.resolve(id === "gone" ? "gone" : "unknown"),
    directory,
  );
  assert.equal(await next.claim("ports", 2, 1), 0);
  assert.deepEqual(readdirSync(directory).sort(), ["ports-0", "ports-1"]);
});

test("MachineClaims.keep() is true for one's own slot, false for another's", async (t) => {
  const directory = scratch(t);
  const one = new MachineClaims(home("one"), () => Promise.resolve("present"), directory);
  const two = new MachineClaims(home("two"), () => Promise.resolve("present"), directory);
  const slot = await one.claim("block", 10, 5);
  assert.equal(slot, 5);
  assert.equal(await one.keep("block", 5), true);
  assert.equal(await two.keep("block", 5), false);
  assert.equal(await two.keep("block", 6), true);
});
