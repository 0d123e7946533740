import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "../../mvcc.ts";
import type { OpenBackend } from "../backend-conformance.ts";
import { StoreClient } from "../client.ts";
import { TransactionAborted } from "./aborted.ts";
import type { BeginOptions, StoreTransaction } from "./transaction.ts";

/** Every kind of transaction that the anomalies are looked for in. */
const kinds: readonly BeginOptions[] = [
  { mode: "optimistic", isolation: "snapshot" },
  { mode: "optimistic", isolation: "serializable" },
  { mode: "pessimistic", isolation: "snapshot" },
  { mode: "pessimistic", isolation: "serializable" },
];
const LOCKS = { lockTtlS: 30, lockWaitMs: 15_000 };
const aborted = (reason: string) => (error: unknown) =>
  error instanceof TransactionAborted && error.reason === reason;

let names = 0;

/** Whether the steps went through, all of them; an abort is an answer, any other error is not. */
async function goesThrough(steps: () => Promise<unknown>): Promise<boolean> {
  try {
    await steps();
    return true;
  } catch (error) {
    if (error instanceof TransactionAborted) return false;
    throw error;
  }
}

/**
 * Registers the tests of transactions, by Adya's names of anomalies: G0 (dirty write), G1a (aborted read), G1b
 * (intermediate read), G1c (circular information flow), lost update, G-single (read skew) and G2 (write skew).
 */
export function transactionConformance(name: string, open: OpenBackend): void {
  const check = (
    title: string,
    options: BeginOptions,
    body: (store: StoreClient, at: string, begin: () => Promise<StoreTransaction>) => Promise<void>,
  ): void => {
    test(`${name}, ${options.mode} ${options.isolation}: ${title}`, async () => {
      await using fixture = await open();
      const store = new StoreClient(fixture.backend);
      await body(store, `x${names++}/`, () => store.begin({ ...LOCKS, ...options }));
    });
  };
  const texts = async (store: StoreClient, ...keys: string[]): Promise<(string | undefined)[]> =>
    Promise.all(keys.map(async (key) => (await store.get(key))?.text));

  for (const kind of kinds) {
    check(
      "reads its own writes, and others see them once it is committed",
      kind,
      async (store, at, begin) => {
        await store.put(`${at}a`, "1");
        await store.put(`${at}c`, "1");
        await using transaction = await begin();
        await transaction.put(`${at}a`, "2");
        await transaction.put(`${at}b`, "2");
        await transaction.delete(`${at}c`);
        assert.equal((await transaction.get(`${at}a`))!.text, "2");
        const [a, c, d] = await transaction.batchGet([`${at}a`, `${at}c`, `${at}d`]);
        assert.deepEqual([a!.text, c, d], ["2", undefined, undefined]);
        const scanned = await transaction.scan({ prefix: at });
        assert.deepEqual(
          scanned.map((item) => `${item.key}=${item.text}`),
          [`${at}a=2`, `${at}b=2`],
        );
        assert.equal((await transaction.scan({ prefix: at }, { limit: 1 }))[0]!.key, `${at}a`);
        assert.deepEqual(await texts(store, `${at}a`, `${at}b`), ["1", undefined]);
        const revision = await transaction.commit();
        assert.equal((await store.get(`${at}b`))!.modRevision, revision);
        assert.deepEqual(await texts(store, `${at}a`, `${at}b`, `${at}c`), ["2", "2", undefined]);
        await assert.rejects(transaction.get(`${at}a`), { code: "invalid" });
        assert.equal((await store.range({ prefix: "plinth/locks/" })).count, 0);
      },
    );

    check("G1a: what is given up is never seen, and leaves no lock", kind, async (store, at, begin) => {
      await store.put(`${at}a`, "1");
      {
        await using transaction = await begin();
        await transaction.put(`${at}a`, "2");
        assert.equal((await store.get(`${at}a`))!.text, "1");
      }
      assert.equal((await store.get(`${at}a`))!.text, "1");
      await using next = await begin();
      await next.put(`${at}a`, "3");
      await next.commit();
      assert.equal((await store.get(`${at}a`))!.text, "3");
    });

    check("G1b: nothing is seen but what is committed", kind, async (_store, at, begin) => {
      await using writer = await begin();
      await writer.put(`${at}a`, "between");
      await using reader = await begin();
      assert.equal(await reader.get(`${at}a`), undefined);
      await writer.put(`${at}a`, "last");
      await writer.commit();
      assert.equal(await reader.get(`${at}a`), undefined);
      await using later = await begin();
      assert.equal((await later.get(`${at}a`))!.text, "last");
    });

    check("G0: writes of two are never mixed", kind, async (store, at) => {
      const both = (value: string) => async (): Promise<void> =>
        store.transact(
          async (transaction) => {
            await transaction.put(`${at}a`, value);
            await transaction.put(`${at}b`, value);
          },
          { ...LOCKS, ...kind },
        );
      await Promise.all(["1", "2", "3", "4"].map((value) => both(value)()));
      const [a, b] = await texts(store, `${at}a`, `${at}b`);
      assert.ok(a !== undefined && a === b);
    });

    check("G1c: two never see each other's writes", kind, async (_store, at, begin) => {
      await using first = await begin();
      await using second = await begin();
      await first.put(`${at}a`, "1");
      await second.put(`${at}b`, "2");
      assert.equal(await first.get(`${at}b`), undefined);
      assert.equal(await second.get(`${at}a`), undefined);
      await goesThrough(() => first.commit());
      await goesThrough(() => second.commit());
    });

    check("a lost update is refused", kind, async (store, at, begin) => {
      await store.put(`${at}a`, "10");
      await using first = await begin();
      await using second = await begin();
      const seen = [await first.get(`${at}a`), await second.get(`${at}a`)].map((item) => Number(item!.text));
      await first.put(`${at}a`, String(seen[0]! + 1));
      await first.commit();
      const through = await goesThrough(async () => {
        await second.put(`${at}a`, String(seen[1]! + 1));
        await second.commit();
      });
      assert.equal(through, false);
      assert.equal((await store.get(`${at}a`))!.text, "11");
    });

    check(
      "a key that was deleted meanwhile is not written as if it were there",
      kind,
      async (store, at, begin) => {
        await store.put(`${at}a`, "1");
        await using transaction = await begin();
        assert.equal((await transaction.get(`${at}a`))!.text, "1");
        await store.delete(`${at}a`);
        const through = await goesThrough(async () => {
          await transaction.put(`${at}a`, "2");
          await transaction.commit();
        });
        assert.equal(through, false);
        assert.equal(await store.get(`${at}a`), undefined);
      },
    );

    check("read skew: all reads are of one moment", kind, async (store, at, begin) => {
      await store.txn({
        success: [
          { put: `${at}a`, value: "old" },
          { put: `${at}b`, value: "old" },
        ],
      });
      await using reader = await begin();
      assert.equal((await reader.get(`${at}a`))!.text, "old");
      await store.transact(
        async (transaction) => {
          await transaction.put(`${at}a`, "new");
          await transaction.put(`${at}b`, "new");
        },
        { ...LOCKS, ...kind },
      );
      assert.equal((await reader.get(`${at}b`))!.text, "old");
      const scanned = await reader.scan({ prefix: at });
      assert.deepEqual(
        scanned.map((item) => item.text),
        ["old", "old"],
      );
      // What is read for update is the newest, which does not go with what was read before.
      const through = await goesThrough(async () => {
        const item = await reader.getForUpdate(`${at}b`);
        assert.equal(item!.text, "old");
        await reader.put(`${at}c`, "x");
        await reader.commit();
      });
      assert.equal(through, false);
    });

    const skewPossible = kind.isolation === "snapshot";
    check(`write skew is ${skewPossible ? "possible" : "refused"}`, kind, async (store, at, begin) => {
      await store.put(`${at}a`, "on call");
      await store.put(`${at}b`, "on call");
      await using first = await begin();
      await using second = await begin();
      for (const transaction of [first, second]) await transaction.batchGet([`${at}a`, `${at}b`]);
      const through = [
        await goesThrough(async () => {
          await first.put(`${at}a`, "off");
          await first.commit();
        }),
        await goesThrough(async () => {
          await second.put(`${at}b`, "off");
          await second.commit();
        }),
      ];
      assert.deepEqual(through, [true, skewPossible]);
    });

    check("write skew is refused where what is read is read for update", kind, async (store, at) => {
      await store.put(`${at}a`, "on call");
      await store.put(`${at}b`, "on call");
      const leave = (self: string, other: string) => (): Promise<void> =>
        store.transact(
          async (transaction) => {
            if ((await transaction.getForUpdate(other))!.text === "off") return;
            await transaction.put(self, "off");
          },
          { ...LOCKS, ...kind },
        );
      await Promise.all([leave(`${at}a`, `${at}b`)(), leave(`${at}b`, `${at}a`)()]);
      const after = await texts(store, `${at}a`, `${at}b`);
      assert.deepEqual(new Set(after), new Set(["off", "on call"]));
    });

    for (const [change, apply] of [
      ["a new key", (store: StoreClient, at: string) => store.put(`${at}s/3`, "x")],
      ["a changed one", (store: StoreClient, at: string) => store.put(`${at}s/1`, "x")],
      ["a deleted one", (store: StoreClient, at: string) => store.delete(`${at}s/2`)],
    ] as const) {
      check(
        `${change} in a scanned range is ${skewPossible ? "let through" : "refused"}`,
        kind,
        async (store, at, begin) => {
          await store.put(`${at}s/1`, "v");
          await store.put(`${at}s/2`, "v");
          await using transaction = await begin();
          const items = await transaction.scan({ prefix: `${at}s/` });
          await transaction.put(`${at}count`, String(items.length));
          await apply(store, at);
          assert.equal(await goesThrough(() => transaction.commit()), skewPossible);
        },
      );
    }

    check("what is behind a scan's limit is not its concern", kind, async (store, at, begin) => {
      for (const each of ["1", "2", "3"]) await store.put(`${at}s/${each}`, "v");
      await using transaction = await begin();
      assert.equal((await transaction.scan({ prefix: `${at}s/` }, { limit: 1 })).length, 1);
      await transaction.put(`${at}x`, "1");
      await store.put(`${at}s/3`, "changed");
      await transaction.commit();
    });

    check("transact() keeps sums: transfers between accounts", kind, async (store, at) => {
      const accounts = Array.from({ length: 5 }, (_, index) => `${at}account/${index}`);
      await store.txn({ success: accounts.map((put) => ({ put, value: "100" })) });
      const transfer = async (turn: number): Promise<void> => {
        const from = accounts[turn % 5]!;
        const to = accounts[(turn * 3 + 1) % 5]!;
        if (from === to) return;
        await store.transact(
          async (transaction) => {
            const read = kind.mode === "pessimistic" ? "getForUpdate" : "get";
            const left = Number((await transaction[read](from))!.text);
            const right = Number((await transaction[read](to))!.text);
            await transaction.put(from, String(left - 7));
            await transaction.put(to, String(right + 7));
          },
          { ...LOCKS, ...kind },
        );
      };
      const workers = [0, 1, 2].map(async (worker) => {
        for (let turn = 0; turn < 8; turn++) await transfer(worker * 11 + turn);
      });
      await Promise.all(workers);
      const { items } = await store.range({ prefix: `${at}account/` });
      assert.equal(
        items.reduce((sum, item) => sum + Number(item.text), 0),
        500,
      );
    });

    check("a compacted snapshot is said, and transact() begins again", kind, async (store, at, begin) => {
      await store.put(`${at}a`, "1");
      const compact = async (): Promise<void> => {
        await store.put(`${at}b`, "2");
        await store.backend.compact(await store.put(`${at}b`, "3"), false);
      };
      await using transaction = await begin();
      assert.equal(await transaction.get(`${at}none`), undefined);
      await compact();
      await assert.rejects(transaction.get(`${at}a`), aborted("compacted"));
      let attempts = 0;
      const value = await store.transact(
        async (again) => {
          await again.get(`${at}none`);
          if (attempts++ === 0) await compact();
          return (await again.get(`${at}a`))!.text;
        },
        { ...LOCKS, ...kind },
      );
      assert.deepEqual([value, attempts], ["1", 2]);
    });

    check(
      "more than etcd takes in one transaction is refused with that reason",
      kind,
      async (store, at, begin) => {
        await using transaction = await begin();
        const keys = Array.from({ length: 129 }, (_, index) => `${at}${index}`);
        // Reads need no locks and are as many compares.
        if (kind.mode === "optimistic") for (const key of keys) await transaction.put(key, "v");
        else {
          await transaction.batchGet(keys);
          await transaction.put(keys[0]!, "v");
          if (kind.isolation === "snapshot") return void (await transaction.commit());
        }
        await assert.rejects(
          transaction.commit(),
          (error) =>
            error instanceof StoreError &&
            error.code === "too-many-operations" &&
            /takes 128/.test(error.message),
        );
        assert.equal((await store.range({ prefix: at })).count, 0);
      },
    );
  }

  const pessimistic = { mode: "pessimistic", isolation: "snapshot" } as const;

  check(
    "a lock is waited for, and what is read then is the newest",
    pessimistic,
    async (store, at, begin) => {
      await store.put(`${at}a`, "1");
      await using first = await begin();
      await first.getForUpdate(`${at}a`);
      await using second = await begin();
      const reading = second.getForUpdate(`${at}a`);
      await first.put(`${at}a`, "2");
      await first.commit();
      assert.equal((await reading)!.text, "2");
      await second.put(`${at}a`, "3");
      await second.commit();
      assert.equal((await store.get(`${at}a`))!.text, "3");
    },
  );

  check("a deadlock is found by the one who closes the circle", pessimistic, async (store, at, begin) => {
    await using first = await begin();
    await using second = await begin();
    await using third = await begin();
    await first.lock(`${at}a`);
    await second.lock(`${at}b`);
    await third.lock(`${at}c`);
    const watch = await store.watch({ prefix: "plinth/locks/" }, { signal: new AbortController().signal });
    const placed = watch[Symbol.asyncIterator]();
    const firstWaits = first.lock(`${at}b`);
    await placed.next();
    const secondWaits = second.lock(`${at}c`);
    await placed.next();
    await assert.rejects(third.lock(`${at}a`), aborted("deadlock"));
    await third[Symbol.asyncDispose]();
    await secondWaits;
    await second[Symbol.asyncDispose]();
    await firstWaits;
  });

  check("a lock that is not given in time ends the transaction", pessimistic, async (store, at, begin) => {
    await using first = await begin();
    await first.lock(`${at}a`);
    await using second = await store.begin({ ...pessimistic, lockWaitMs: 50 });
    await assert.rejects(second.lock(`${at}a`), aborted("lock-wait"));
    await assert.rejects(second.get(`${at}a`), aborted("lock-wait"));
  });

  check(
    "who ignores locks does not break them: the commit sees it",
    pessimistic,
    async (store, at, begin) => {
      await using transaction = await begin();
      await transaction.getForUpdate(`${at}a`);
      await store.put(`${at}a`, "other");
      await transaction.put(`${at}a`, "own");
      await assert.rejects(transaction.commit(), aborted("conflict"));
      assert.equal((await store.get(`${at}a`))!.text, "other");
    },
  );

  check(
    "a locked key that is changed all the same, and changed back, is seen",
    pessimistic,
    async (store, at, begin) => {
      await using transaction = await begin();
      assert.equal(await transaction.getForUpdate(`${at}a`), undefined);
      await store.put(`${at}a`, "other");
      // Locking would move the snapshot to where the key is there; once deleted, the commit could not tell.
      await assert.rejects(transaction.lock(`${at}b`), aborted("conflict"));
      await store.delete(`${at}a`);
      await assert.rejects(transaction.commit(), aborted("conflict"));
    },
  );

  check("a transaction whose lease is gone writes nothing", pessimistic, async (store, at, begin) => {
    await using transaction = await begin();
    await transaction.put(`${at}a`, "1");
    const { items } = await store.range({ prefix: "plinth/locks/" });
    await store.backend.revokeLease(items[0]!.lease);
    await assert.rejects(transaction.commit(), aborted("locks-lost"));
    assert.equal(await store.get(`${at}a`), undefined);
  });
}
