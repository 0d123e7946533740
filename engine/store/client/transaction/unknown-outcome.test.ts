import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { MvccModel } from "../../mvcc-model.ts";
import type { Transaction } from "../../mvcc.ts";
import { type Backend, OutcomeUnknownError } from "../backend.ts";
import { StoreClient } from "../client.ts";
import { inProcess } from "../in-process.ts";
import { TransactionAborted } from "./aborted.ts";

/** Commits whose answer is lost, on their way there or on their way back. */

interface Lossy extends AsyncDisposable {
  readonly store: MvccModel;
  readonly client: StoreClient;
  /** The next transaction that writes a value of the user's is lost so; `meanwhile` is done before the caller hears. */
  lose(way: "there" | "back", meanwhile?: () => Promise<unknown>): void;
}

function startLossy(): Lossy {
  const store = new MvccModel({ clock: systemClock });
  const inner = inProcess(store);
  let losing: { readonly way: "there" | "back"; readonly meanwhile: () => Promise<unknown> } | undefined;
  const isCommit = ({ success }: Transaction): boolean =>
    success.some((operation) => operation.kind === "put" && !operation.put.key.startsWith("plinth/"));
  const backend: Backend = {
    ...inner,
    async transact(transaction, options) {
      if (losing === undefined || !isCommit(transaction)) return inner.transact(transaction, options);
      const { way, meanwhile } = losing;
      losing = undefined;
      if (way === "back") await inner.transact(transaction, options);
      await meanwhile();
      throw new OutcomeUnknownError("Cannot tell");
    },
  };
  return {
    store,
    client: new StoreClient(backend),
    lose(way, meanwhile = async () => {}) {
      losing = { way, meanwhile };
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

const add = async ({ client }: Lossy, mode: "optimistic" | "pessimistic"): Promise<void> =>
  client.transact(
    async (transaction) => {
      const count = Number((await transaction.getForUpdate("n"))?.text ?? 0);
      await transaction.put("n", String(count + 1));
    },
    { mode },
  );

for (const way of ["there", "back"] as const) {
  test(`a pessimistic commit that is lost on its way ${way} happens once`, async () => {
    await using lossy = startLossy();
    await add(lossy, "pessimistic");
    lossy.lose(way);
    await add(lossy, "pessimistic");
    assert.equal((await lossy.client.get("n"))!.text, "2");
  });

  test(`an optimistic commit that is lost on its way ${way} is told, and not done again`, async () => {
    await using lossy = startLossy();
    lossy.lose(way);
    await assert.rejects(add(lossy, "optimistic"), OutcomeUnknownError);
    assert.equal((await lossy.client.get("n"))?.text, way === "back" ? "1" : undefined);
  });

  test(`a pessimistic commit lost on its way ${way}, and its lease with it, is told`, async () => {
    await using lossy = startLossy();
    const { store } = lossy;
    lossy.lose(way, () => Promise.all(store.leases().map((id) => store.revokeLease(id))));
    await assert.rejects(add(lossy, "pessimistic"), OutcomeUnknownError);
  });
}

test("a pessimistic commit that was lost on its way there, and overtaken by who ignores locks, is a conflict", async () => {
  await using lossy = startLossy();
  const { store, client } = lossy;
  await using transaction = await client.begin({ mode: "pessimistic" });
  await transaction.put("n", "own");
  lossy.lose("there", () => store.put({ key: "n", value: Buffer.from("other"), lease: 0n }));
  await assert.rejects(
    transaction.commit(),
    (error) => error instanceof TransactionAborted && error.reason === "conflict",
  );
  assert.equal((await client.get("n"))!.text, "other");
});
