import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type Event, type Operation, StoreError, type Transaction } from "../mvcc.ts";
import type { Backend } from "./backend.ts";

/** A backend and the keys it is to use; etcd is not empty between two tests. */
export interface BackendFixture extends AsyncDisposable {
  readonly backend: Backend;
}

export type OpenBackend = () => Promise<BackendFixture>;

const bytes = (text: string): Uint8Array => Buffer.from(text);
const refusal = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code;
const putting = (key: string, value = "v"): Operation => ({
  kind: "put",
  put: { key, value: bytes(value), lease: 0n },
});
const always = (...success: Operation[]): Transaction => ({ compares: [], success, failure: [] });
const told = ({ kind, kv, previous }: Event): string =>
  `${kind} ${kv.key}=${String(Buffer.from(kv.value))} was ${previous === undefined ? "-" : String(Buffer.from(previous.value))}`;

let prefixes = 0;

/** Registers the tests of the contract in backend.ts. */
export function backendConformance(name: string, open: OpenBackend): void {
  const check = (title: string, body: (backend: Backend, prefix: string) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      await using fixture = await open();
      await body(fixture.backend, `t${prefixes++}/`);
    });
  };
  const put = (backend: Backend, key: string, value = "v"): Promise<{ revision: number }> =>
    backend.put({ key, value: bytes(value), lease: 0n });

  check("put, range and delete tell what there was", async (backend, at) => {
    const first = await put(backend, `${at}a`, "1");
    const second = await backend.put({ key: `${at}a`, value: bytes("2"), lease: 0n, previous: true });
    assert.equal(String(Buffer.from(second.previous!.value)), "1");
    assert.equal(second.revision, first.revision + 1);
    await put(backend, `${at}b`);
    const { kvs, more, count } = await backend.range({ key: at, end: `${at}z`, limit: 1 });
    assert.deepEqual([kvs.map((kv) => kv.key), more, count], [[`${at}a`], true, 2]);
    const [kv] = kvs;
    assert.deepEqual(
      [kv!.createRevision, kv!.modRevision, kv!.version, kv!.lease],
      [first.revision, second.revision, 2, 0n],
    );
    const past = await backend.range({ key: `${at}a`, revision: first.revision });
    assert.equal(String(Buffer.from(past.kvs[0]!.value)), "1");
    const sort = { target: "mod", descending: true } as const;
    const sorted = await backend.range({ key: at, end: `${at}z`, sort, keysOnly: true });
    assert.deepEqual(
      sorted.kvs.map((each) => each.key),
      [`${at}b`, `${at}a`],
    );
    const removed = await backend.delete({ key: at, end: `${at}z`, previous: true });
    assert.deepEqual([removed.deleted, removed.previous.length], [2, 2]);
  });

  check("keys and values are any bytes", async (backend, at) => {
    const key = `${at}\0\xff\x80`;
    const value = Buffer.from([0, 255, 128]);
    await backend.put({ key, value, lease: 0n });
    const { kvs } = await backend.range({ key });
    assert.deepEqual([kvs[0]!.key, Buffer.from(kvs[0]!.value)], [key, value]);
  });

  check("a transaction goes one way or the other, as a whole", async (backend, at) => {
    const key = `${at}a`;
    const transaction: Transaction = {
      compares: [{ key, target: "version", operator: "=", operand: 0 }],
      success: [putting(key, "made"), { kind: "range", range: { key } }],
      failure: [
        { kind: "delete", delete: { key, previous: true } },
        { kind: "transaction", transaction: always(putting(`${at}b`)) },
      ],
    };
    const made = await backend.transact(transaction);
    assert.equal(made.succeeded, true);
    assert.equal(made.results[1]?.kind === "range" && made.results[1].range.count, 1);
    const removed = await backend.transact(transaction);
    assert.equal(removed.succeeded, false);
    assert.deepEqual(
      removed.results.map((result) => result.kind),
      ["delete", "transaction"],
    );
    assert.equal(removed.revision, made.revision + 1);
  });

  check("compares are of every target, and of ranges", async (backend, at) => {
    const lease = await backend.grantLease(0n, 600);
    await backend.put({ key: `${at}a`, value: bytes("1"), lease: lease.id });
    const { revision } = await put(backend, `${at}b`, "1");
    const range = { key: at, end: `${at}z` };
    const holds = async (compare: Transaction["compares"][number]): Promise<boolean> =>
      (await backend.transact({ compares: [compare], success: [], failure: [] })).succeeded;
    assert.equal(await holds({ ...range, target: "mod", operator: "<", operand: revision + 1 }), true);
    assert.equal(await holds({ ...range, target: "mod", operator: "<", operand: revision }), false);
    assert.equal(await holds({ ...range, target: "create", operator: ">", operand: 0 }), true);
    assert.equal(await holds({ ...range, target: "value", operator: "=", operand: bytes("1") }), true);
    assert.equal(await holds({ key: `${at}a`, target: "lease", operator: "=", operand: lease.id }), true);
    assert.equal(await holds({ key: `${at}b`, target: "lease", operator: "!=", operand: 0n }), false);
    await backend.revokeLease(lease.id);
  });

  check("what is refused is refused with the store's code", async (backend, at) => {
    const { revision } = await put(backend, `${at}a`);
    await assert.rejects(backend.range({ key: "" }), refusal("empty-key"));
    await assert.rejects(backend.range({ key: "a", revision: revision + 1000 }), refusal("future-revision"));
    await assert.rejects(
      backend.transact(always(putting(`${at}a`), putting(`${at}a`))),
      refusal("duplicate-key"),
    );
    const many = Array.from({ length: 129 }, (_, index) => putting(`${at}${index}`));
    await assert.rejects(backend.transact(always(...many)), refusal("too-many-operations"));
    await assert.rejects(
      backend.put({ key: `${at}a`, value: bytes(""), lease: 404n }),
      refusal("lease-not-found"),
    );
    await assert.rejects(backend.revokeLease(404n), refusal("lease-not-found"));
    await assert.rejects(backend.keepLeaseAlive(404n), refusal("lease-not-found"));
  });

  check("leases are granted, kept, listed, looked at and revoked", async (backend, at) => {
    const { id, grantedTtl } = await backend.grantLease(0n, 600);
    assert.equal(grantedTtl, 600);
    await backend.put({ key: `${at}a`, value: bytes(""), lease: id });
    assert.equal(await backend.keepLeaseAlive(id), 600);
    assert.ok((await backend.leases()).includes(id));
    const state = await backend.lease(id, true);
    assert.deepEqual([state.keys, state.grantedTtl], [[`${at}a`], 600]);
    await backend.revokeLease(id);
    assert.equal((await backend.lease(id, false)).ttl, -1);
    assert.equal((await backend.range({ key: `${at}a` })).count, 0);
    await backend.grantLease(77n, 600);
    await assert.rejects(backend.grantLease(77n, 600), refusal("lease-exists"));
    await backend.revokeLease(77n);
  });

  check(
    "a watch sees all that is written after it was begun, a revision in one piece",
    async (backend, at) => {
      const ended = new AbortController();
      const watch = await backend.watch({ key: at, end: `${at}z` }, { signal: ended.signal });
      const events = watch[Symbol.asyncIterator]();
      await put(backend, `${at}a`, "1");
      await put(backend, `elsewhere`);
      await backend.transact(always(putting(`${at}a`, "2"), putting(`${at}b`)));
      await backend.delete({ key: `${at}a` });
      const seen: string[][] = [];
      while (seen.flat().length < 4) {
        const { value } = (await events.next()) as { value: readonly Event[] };
        for (const revision of Map.groupBy(value, (event) => event.kv.modRevision).values()) {
          seen.push(revision.map(told));
        }
      }
      assert.deepEqual(seen, [
        [`put ${at}a=1 was -`],
        [`put ${at}a=2 was 1`, `put ${at}b=v was -`],
        [`delete ${at}a= was 2`],
      ]);
      ended.abort(new Error("enough"));
      await assert.rejects(events.next(), /enough/);
    },
  );

  check("a watch begins in the past, and is refused where that is compacted", async (backend, at) => {
    const first = await put(backend, `${at}a`, "1");
    await put(backend, `${at}a`, "2");
    const last = await put(backend, `${at}a`, "3");
    const signal = new AbortController().signal;
    const range = { key: `${at}a` };
    const seen: string[] = [];
    for await (const events of await backend.watch(range, { fromRevision: first.revision, signal })) {
      seen.push(...events.map((event) => String(Buffer.from(event.kv.value))));
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen, ["1", "2", "3"]);
    await backend.compact(last.revision, false);
    const late = await backend.watch(range, { fromRevision: first.revision, signal });
    await assert.rejects(
      late[Symbol.asyncIterator]().next(),
      (error) => refusal("compacted")(error) && (error as StoreError).compactedRevision >= last.revision,
    );
    await assert.rejects(backend.range({ key: "a", revision: first.revision }), refusal("compacted"));
  });

  check("a call ends with its signal's reason", async (backend, at) => {
    const reason = new Error("not any more");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(backend.range({ key: at }, { signal }), reason);
    await assert.rejects(backend.put({ key: at, value: bytes(""), lease: 0n }, { signal }), reason);
    await assert.rejects(backend.watch({ key: at }, { signal }), reason);
  });

  check("snapshot() is whole and sealed, or ends with its signal's reason", async (backend, at) => {
    await put(backend, `${at}a`);
    const chunks = await Array.fromAsync(backend.snapshot());
    const body = Buffer.concat(chunks).subarray(0, -32);
    assert.equal(body.length % 512, 0);
    assert.deepEqual(createHash("sha256").update(body).digest(), Buffer.concat(chunks).subarray(-32));
    const reason = new Error("not any more");
    await assert.rejects(Array.fromAsync(backend.snapshot({ signal: AbortSignal.abort(reason) })), reason);
  });

  check("status() tells the revision", async (backend, at) => {
    const { revision } = await put(backend, `${at}a`);
    assert.equal((await backend.status()).revision, revision);
  });
}
