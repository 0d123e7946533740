import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Outbox } from "./outbox.ts";

/** More than wait in an outbox. */
const MANY = 40;

async function writer(outbox: Outbox<number>, item: number, gaveUp: () => boolean): Promise<void> {
  if (!(await outbox.room())) return;
  if (!gaveUp()) outbox.push(item);
}

suite("Outbox", () => {
  test("gives the room of writers who have given up to those who wait", async () => {
    const outbox = new Outbox<number>();
    const gaveUp = new Set<number>();
    let items = 0;
    while (!outbox.isFull) outbox.push(items++);
    const first = items;
    const writers: Promise<void>[] = [];
    while (items < first + MANY) {
      const item = items++;
      writers.push(writer(outbox, item, () => gaveUp.has(item)));
    }
    for (let item = first; item < first + MANY / 2; item++) gaveUp.add(item);
    const read: number[] = [];
    const reading = (async () => {
      for await (const item of outbox) read.push(item);
    })();
    await Promise.all(writers);
    outbox.end();
    await reading;
    const wanted = Array.from({ length: items }, (_, item) => item).filter((item) => !gaveUp.has(item));
    assert.deepEqual(read, wanted);
  });

  test("is full of a mebibyte, too, until that is taken", async () => {
    const outbox = new Outbox<number>((bytes) => bytes);
    outbox.push(900_000);
    assert.equal(outbox.isFull, false);
    outbox.push(900_000);
    assert.equal(outbox.isFull, true);
    const room = outbox.room();
    await outbox[Symbol.asyncIterator]().next();
    assert.equal(await room, true);
    assert.equal(outbox.isFull, false);
    outbox.end();
  });

  test("ends with an error at once, and otherwise after what waits", async () => {
    const [gentle, hard] = [new Outbox<number>(), new Outbox<number>()];
    for (const outbox of [gentle, hard]) outbox.push(1);
    gentle.end();
    hard.end(new Error("the end"));
    assert.deepEqual(await Array.fromAsync(gentle), [1]);
    await assert.rejects(Array.fromAsync(hard), { message: "the end" });
    assert.equal(await gentle.room(), false);
  });
});
