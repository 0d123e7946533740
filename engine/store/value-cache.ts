import { CACHED_VALUE_BYTES_MAX, CACHED_VALUES_BYTES_MAX } from "./limits.ts";
import type { Version } from "./version-index.ts";

/** About what an entry costs beside its octets: a view, its buffer, and its place in the map. */
const ENTRY_BYTES = 300;

/**
 * Values that were read from the file, so that what is read often is not looked up, copied and checked again each time.
 * What came first goes first: a hit costs one look into a map and changes nothing. Versions never change, so nothing
 * here can be out of date.
 */
export class ValueCache {
  readonly #read: (version: Version) => Uint8Array;
  readonly #values: Map<Version, Uint8Array> = new Map();
  #bytes = 0;

  constructor(read: (version: Version) => Uint8Array) {
    this.#read = read;
  }

  get bytes(): number {
    return this.#bytes;
  }

  valueOf(version: Version): Uint8Array {
    const cached = this.#values.get(version);
    if (cached !== undefined) return cached;
    const value = this.#read(version);
    if (value.length > CACHED_VALUE_BYTES_MAX) return value;
    this.#values.set(version, value);
    this.#bytes += value.length + ENTRY_BYTES;
    if (this.#bytes > CACHED_VALUES_BYTES_MAX) this.#evict();
    return value;
  }

  #evict(): void {
    for (const [version, { length }] of this.#values) {
      if (this.#bytes <= CACHED_VALUES_BYTES_MAX) return;
      this.#values.delete(version);
      this.#bytes -= length + ENTRY_BYTES;
    }
  }
}
