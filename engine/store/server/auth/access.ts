import type { PutRequest, RequestOp, TxnRequest } from "@plinth/etcd";
import type { ByteString, Mvcc } from "../../mvcc.ts";
import { refusal } from "../refusal.ts";
import type { PermittedRanges } from "./permitted-ranges.ts";

/** What one caller may do; each check throws what etcd answers. */
export interface Access {
  /** Undefined: nobody, or nobody is asked. */
  readonly user: string | undefined;
  readonly isRoot: boolean;
  known(): void;
  root(): void;
  /** `rangeEnd` as on the wire. */
  read(key: ByteString, rangeEnd: ByteString): void;
  write(key: ByteString, rangeEnd: ByteString): void;
}

/** While users do not count. */
export const everything: Access = {
  user: undefined,
  isRoot: true,
  known() {},
  root() {},
  read() {},
  write() {},
};

const unnamed = (): never => {
  throw refusal("userEmpty");
};

/** For who has not said who it is. */
export const nothing: Access = {
  user: undefined,
  isRoot: false,
  known: unnamed,
  root: unnamed,
  read: unnamed,
  write: unnamed,
};

/** For a user, or a certificate's name that is none: `ranges` is undefined then. */
export class UserAccess implements Access {
  readonly user: string;
  readonly #ranges: PermittedRanges | undefined;

  constructor(user: string, ranges: PermittedRanges | undefined) {
    this.user = user;
    this.#ranges = ranges;
  }

  get isRoot(): boolean {
    return this.#ranges?.isRoot === true;
  }

  known(): void {
    if (this.#ranges === undefined) throw refusal("permissionDenied");
  }

  root(): void {
    if (!this.isRoot) throw refusal("permissionDenied");
  }

  read(key: ByteString, rangeEnd: ByteString): void {
    if (this.#ranges?.mayRead(key, rangeEnd) !== true) throw refusal("permissionDenied");
  }

  write(key: ByteString, rangeEnd: ByteString): void {
    if (this.#ranges?.mayWrite(key, rangeEnd) !== true) throw refusal("permissionDenied");
  }
}

/** A put needs its key, that of the lease's other keys (whoever ends the lease deletes them), and sight of what was there. */
export function checkPutAccess(access: Access, store: Mvcc, { key, lease, prevKv }: PutRequest): void {
  access.write(key, "");
  checkLeaseAccess(access, store, lease);
  if (prevKv) access.read(key, "");
}

/** Ending a lease deletes its keys, keeping it alive keeps them. */
export function checkLeaseAccess(access: Access, store: Mvcc, lease: bigint): void {
  if (access.isRoot || lease === 0n) return;
  for (const key of store.lease(lease, true).keys) access.write(key, "");
}

/** Everything a transaction might do, on both its ways. */
export function checkTxnAccess(access: Access, store: Mvcc, { compare, success, failure }: TxnRequest): void {
  if (access.isRoot) return;
  access.known();
  for (const { key, rangeEnd } of compare) access.read(key, rangeEnd);
  for (const operation of success) checkOperationAccess(access, store, operation);
  for (const operation of failure) checkOperationAccess(access, store, operation);
}

function checkOperationAccess(
  access: Access,
  store: Mvcc,
  { range, put, deleteRange, txn }: RequestOp,
): void {
  if (range !== undefined) access.read(range.key, range.rangeEnd);
  if (put !== undefined) checkPutAccess(access, store, put);
  if (deleteRange !== undefined) {
    if (deleteRange.prevKv) access.read(deleteRange.key, deleteRange.rangeEnd);
    access.write(deleteRange.key, deleteRange.rangeEnd);
  }
  if (txn !== undefined) checkTxnAccess(access, store, txn);
}
