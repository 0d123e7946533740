/** Flattening now and then costs less than looking through more layers. */
const LAYERS_MAX = 24;

/**
 * An immutable map that is changed entry by entry: each change is a layer over what it was made from, as to copy all
 * entries each time would take the square of their number. Two that were made from one differ at few keys, which are
 * found without looking at the others.
 */
export class LayeredMap<K extends string | number, V extends object> {
  readonly size: number;
  /** Undefined: nobody asked for all of them yet. */
  #entries: ReadonlyMap<K, V> | undefined;
  /** What the last change was laid over; undefined: it is no layer. */
  readonly #below: LayeredMap<K, V> | undefined;
  readonly #key: K | undefined;
  /** Undefined: the key is gone. */
  readonly #value: V | undefined;
  readonly #height: number;

  private constructor(
    entries: ReadonlyMap<K, V> | undefined,
    below: LayeredMap<K, V> | undefined,
    key: K | undefined,
    value: V | undefined,
    size: number,
  ) {
    this.#entries = entries;
    this.#below = below;
    this.#key = key;
    this.#value = value;
    this.#height = below === undefined ? 0 : below.#height + 1;
    this.size = size;
  }

  static of<K extends string | number, V extends object>(
    entries: Iterable<readonly [K, V]> = [],
  ): LayeredMap<K, V> {
    const map = new Map(entries);
    return new LayeredMap<K, V>(map, undefined, undefined, undefined, map.size);
  }

  get(key: K): V | undefined {
    return LayeredMap.#find(this, key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** The same map where it is so already. */
  with(key: K, value: V): LayeredMap<K, V> {
    const before = this.get(key);
    return before === value ? this : this.#over(key, value, this.size + (before === undefined ? 1 : 0));
  }

  without(key: K): LayeredMap<K, V> {
    return this.has(key) ? this.#over(key, undefined, this.size - 1) : this;
  }

  keys(): Iterable<K> {
    return this.#all().keys();
  }

  values(): Iterable<V> {
    return this.#all().values();
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    return this.#all()[Symbol.iterator]();
  }

  /** All keys at which the two differ, and maybe some at which they do not. */
  keysApart(other: LayeredMap<K, V>): ReadonlySet<K> {
    const keys = new Set<K>();
    let [left, right]: LayeredMap<K, V>[] = [this, other];
    while (left !== right) {
      if (left!.#height < right!.#height) [left, right] = [right, left];
      if (left!.#below === undefined) return new Set([...this.keys(), ...other.keys()]);
      keys.add(left!.#key!);
      left = left!.#below;
    }
    return keys;
  }

  #over(key: K, value: V | undefined, size: number): LayeredMap<K, V> {
    const over = new LayeredMap(undefined, this, key, value, size);
    if (over.#height <= LAYERS_MAX) return over;
    return new LayeredMap<K, V>(over.#all(), undefined, undefined, undefined, size);
  }

  #all(): ReadonlyMap<K, V> {
    return (this.#entries ??= LayeredMap.#flattened(this));
  }

  static #find<K extends string | number, V extends object>(map: LayeredMap<K, V>, key: K): V | undefined {
    let from = map;
    while (from.#entries === undefined) {
      if (from.#key === key) return from.#value;
      from = from.#below!;
    }
    return from.#entries.get(key);
  }

  static #flattened<K extends string | number, V extends object>(map: LayeredMap<K, V>): ReadonlyMap<K, V> {
    const layers: LayeredMap<K, V>[] = [];
    let from = map;
    while (from.#entries === undefined) {
      layers.push(from);
      from = from.#below!;
    }
    const entries = new Map(from.#entries);
    for (let layer = layers.pop(); layer !== undefined; layer = layers.pop()) {
      if (layer.#value === undefined) entries.delete(layer.#key!);
      else entries.set(layer.#key!, layer.#value);
    }
    return entries;
  }
}
