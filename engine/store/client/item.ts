import type { ByteString, KeyValue } from "../mvcc.ts";
import { textOf } from "./keys.ts";

/** A key with its value. */
export class Item {
  /** As bytes, one character each. */
  readonly rawKey: ByteString;
  readonly value: Uint8Array;
  /** The revision that made the key, since it last did not exist. */
  readonly createRevision: number;
  /** The revision that wrote this value. */
  readonly modRevision: number;
  /** Counts writes since the key was made, from 1. */
  readonly version: number;
  /** 0n: none. */
  readonly lease: bigint;

  constructor(kv: KeyValue) {
    this.rawKey = kv.key;
    this.value = kv.value;
    this.createRevision = kv.createRevision;
    this.modRevision = kv.modRevision;
    this.version = kv.version;
    this.lease = kv.lease;
  }

  get key(): string {
    return textOf(this.rawKey);
  }

  get text(): string {
    return textOf(this.value);
  }
}
