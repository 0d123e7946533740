import {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WireCompare,
} from "@plinth/etcd";
import fc from "fast-check";

/** Requests over few keys, so that they meet. Revisions are given as distances, see `at`. */

/** A request that a revision is still missing from: made when the store's is known. */
export type RequestAt<Request> = (revision: number) => Request;

export type RandomRequest =
  | { readonly kind: "range"; readonly request: RequestAt<RangeRequest> }
  | { readonly kind: "put"; readonly request: RequestAt<PutRequest> }
  | { readonly kind: "delete"; readonly request: RequestAt<DeleteRangeRequest> }
  | { readonly kind: "txn"; readonly request: RequestAt<TxnRequest> }
  | { readonly kind: "compact"; readonly request: RequestAt<number> }
  | { readonly kind: "grant" | "revoke" | "timeToLive"; readonly request: RequestAt<bigint> }
  | { readonly kind: "leases"; readonly request: RequestAt<undefined> };

const key = fc.constantFrom("a", "b", "ba", "c\xff", "\0", "\xff", "");
const someKey = fc.oneof({ weight: 30, arbitrary: fc.constantFrom("a", "b", "ba", "c\xff") }, key);
const end = fc.constantFrom("", "", "b", "bb", "\xff", "\0", "a");
const value = fc.constantFrom("", "1", "2", "three").map((text) => Buffer.from(text));
const lease = fc.constantFrom(0n, 0n, 0n, 1001n, 1002n);
/** Never, or as many revisions back (or one ahead). */
const distance = fc.option(fc.integer({ min: -1, max: 8 }), { nil: undefined, freq: 3 });
const at = (revision: number, back: number | undefined): number =>
  back === undefined ? 0 : Math.max(1, revision - back);

const range = fc
  .record({
    key: someKey,
    rangeEnd: end,
    limit: fc.constantFrom(0, 0, 1, 2, -1),
    sortOrder: fc.nat(2),
    sortTarget: fc.constantFrom(0, 1, 2, 3, 4),
    keysOnly: fc.boolean(),
    countOnly: fc.constantFrom(false, false, false, true),
    serializable: fc.boolean(),
    back: distance,
    bounds: fc.tuple(distance, distance, distance, distance),
  })
  .map(({ back, bounds, ...rest }) => (revision: number): RangeRequest => {
    const [minMod, maxMod, minCreate, maxCreate] = bounds.map((each) => at(revision, each));
    const isSortedUnasked = rest.sortOrder === 0 && rest.sortTarget !== 0;
    return RangeRequest.of({
      ...rest,
      // etcd then sorts no more than the first of the keys: docs/etcd-differences.
      limit: isSortedUnasked ? 0 : rest.limit,
      // Versions and values repeat, and the order of equals is nobody's promise.
      sortTarget: [1, 4].includes(rest.sortTarget) ? 3 : rest.sortTarget,
      revision: at(revision, back),
      minModRevision: minMod!,
      maxModRevision: maxMod!,
      minCreateRevision: minCreate!,
      maxCreateRevision: maxCreate!,
    });
  });
const put = fc
  .record({
    key: someKey,
    value,
    lease,
    prevKv: fc.boolean(),
    ignoreValue: fc.constantFrom(false, false, false, true),
    ignoreLease: fc.constantFrom(false, false, false, true),
  })
  .map((fields) => (): PutRequest => PutRequest.of(fields));
const deleteRange = fc
  .record({ key: someKey, rangeEnd: end, prevKv: fc.boolean() })
  .map((fields) => (): DeleteRangeRequest => DeleteRangeRequest.of(fields));
/** etcd's look for keys written twice is confused by ends that are a zero byte or before the key: docs/etcd-differences. */
const deleteWithin = deleteRange.filter((make) => {
  const { key: first, rangeEnd } = make();
  return rangeEnd === "" || (rangeEnd !== "\0" && rangeEnd > first);
});
const compare = fc
  .record({
    key: someKey,
    rangeEnd: end,
    result: fc.nat(3),
    target: fc.nat(4),
    operand: fc.nat(3),
    back: distance,
    value,
    lease,
  })
  .map(({ operand, back, ...fields }) => (revision: number): WireCompare => {
    const { target, key: compared, rangeEnd, result } = fields;
    return WireCompare.of({
      key: compared,
      rangeEnd,
      result,
      target,
      ...(target === 0 ? { version: operand } : {}),
      ...(target === 1 ? { createRevision: at(revision, back) } : {}),
      ...(target === 2 ? { modRevision: at(revision, back) } : {}),
      ...(target === 3 ? { value: fields.value } : {}),
      ...(target === 4 ? { lease: fields.lease } : {}),
    });
  });

const { txn } = fc.letrec<{ txn: RequestAt<TxnRequest>; operation: RequestAt<RequestOp> }>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small" },
    range.map((make) => (revision: number) => RequestOp.of({ range: make(revision) })),
    put.map((make) => () => RequestOp.of({ put: make() })),
    deleteWithin.map((make) => () => RequestOp.of({ deleteRange: make() })),
    tie("txn").map((make) => (revision: number) => RequestOp.of({ txn: make(revision) })),
  ),
  txn: fc
    .record({
      compare: fc.array(compare, { maxLength: 2 }),
      success: fc.array(tie("operation"), { maxLength: 3 }),
      failure: fc.array(tie("operation"), { maxLength: 3 }),
    })
    .map(
      ({ compare: compares, success, failure }) =>
        (revision: number): TxnRequest =>
          TxnRequest.of({
            compare: compares.map((make) => make(revision)),
            success: success.map((make) => make(revision)),
            failure: failure.map((make) => make(revision)),
          }),
    ),
}));

const leaseId = fc.constantFrom(1001n, 1002n, 1003n).map((id) => () => id);

export const randomRequest: fc.Arbitrary<RandomRequest> = fc.oneof(
  { weight: 6, arbitrary: range.map((request) => ({ kind: "range" as const, request })) },
  { weight: 6, arbitrary: put.map((request) => ({ kind: "put" as const, request })) },
  { weight: 2, arbitrary: deleteRange.map((request) => ({ kind: "delete" as const, request })) },
  { weight: 6, arbitrary: txn.map((request) => ({ kind: "txn" as const, request })) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: -1, max: 12 })
      .map((back) => ({ kind: "compact" as const, request: (revision: number) => revision - back })),
  },
  { weight: 1, arbitrary: leaseId.map((request) => ({ kind: "grant" as const, request })) },
  { weight: 1, arbitrary: leaseId.map((request) => ({ kind: "revoke" as const, request })) },
  { weight: 1, arbitrary: leaseId.map((request) => ({ kind: "timeToLive" as const, request })) },
  { weight: 1, arbitrary: fc.constant({ kind: "leases" as const, request: () => undefined }) },
);
