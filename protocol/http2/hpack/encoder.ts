import { Fault } from "@plinth/fault";
import { writeLatin1 } from "../latin1.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { STATIC_LAST, staticNames, staticValues } from "./static-table.ts";

const ENTRY_OVERHEAD = 32;
/** The table we keep for a peer that offers more: what the protocol starts with serves any service's usual fields. */
const TABLE_BYTES_MAX = 4096;
/** Beyond this share of the table an entry would push out more than it can save. */
const ENTRY_SHARE_MAX = 0.5;
/** Octets that an encoded field needs at most beyond its name and value: three integers. */
const FIELD_OVERHEAD = 15;

/** Never indexed (RFC 7541 §7.1.3): whoever can send fields beside them could guess them by the size. */
const sensitive = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
/** Different in each message: only their names are worth an entry. */
const changing = new Set(
  (
    "content-length content-range date age etag last-modified if-modified-since if-none-match location traceparent " +
    "tracestate x-request-id b3 x-b3-traceid x-b3-spanid x-b3-parentspanid grpc-timeout grpc-message retry-after " +
    "range grpc-trace-bin grpc-status-details-bin x-envoy-upstream-service-time l5d-ctx-trace"
  ).split(" "),
);

const Policy = { index: 0, name: 1, never: 2 } as const;

/** What the tables know about one name. */
interface Known {
  readonly policy: number;
  /** Index in the static table of a field with this name, 0 without. */
  readonly staticIndex: number;
  readonly staticValues: Map<string, number> | undefined;
  /** Serial numbers of dynamic entries by value. */
  readonly values: Map<string, number>;
  /** The serial of the newest dynamic entry with this name, -1 without. */
  newest: number;
  /** Dynamic entries with this name. */
  live: number;
}

function policyOf(name: string): number {
  if (sensitive.has(name)) return Policy.never;
  return changing.has(name) ? Policy.name : Policy.index;
}

const NAME_TEXT = /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/;

const staticByName = new Map<string, { index: number; values: Map<string, number> }>();
for (let index = 1; index <= STATIC_LAST; index++) {
  const name = staticNames[index]!;
  let entry = staticByName.get(name);
  if (entry === undefined) staticByName.set(name, (entry = { index, values: new Map() }));
  if (staticValues[index] !== "") entry.values.set(staticValues[index]!, index);
}

/**
 * Encodes field lists (RFC 7541). A name or value that has been sent before costs two look-ups in maps. Strings that
 * enter the table are Huffman-coded where that is shorter, as they are sent once; others go as they are, because
 * coding them costs more on both ends than the bytes do. Budget: about 50 ns per field. Benchmark: grpc.
 */
export class HpackEncoder {
  readonly #known: Map<string, Known> = new Map();
  readonly #entryKnown: (Known | undefined)[];
  readonly #entryNames: (string | undefined)[];
  readonly #entryValues: (string | undefined)[];
  readonly #mask: number;
  #inserted = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number = TABLE_BYTES_MAX;
  /** The smallest size since the last block, and whether the peer must be told (§4.2). */
  #smallest = TABLE_BYTES_MAX;
  #resized = false;
  #output: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor() {
    const slots = TABLE_BYTES_MAX / ENTRY_OVERHEAD;
    this.#mask = slots - 1;
    this.#entryKnown = Array.from<Known | undefined>({ length: slots }).fill(undefined);
    this.#entryNames = Array.from<string | undefined>({ length: slots }).fill(undefined);
    this.#entryValues = Array.from<string | undefined>({ length: slots }).fill(undefined);
    for (const [name, { index, values }] of staticByName) {
      this.#known.set(name, {
        policy: policyOf(name),
        staticIndex: index,
        staticValues: values.size > 0 ? values : undefined,
        values: new Map(),
        newest: -1,
        live: 0,
      });
    }
  }

  get tableBytes(): number {
    return this.#bytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  resize(bytes: number): void {
    const size = bytes < TABLE_BYTES_MAX ? bytes : TABLE_BYTES_MAX;
    if (size === this.#bytesMax && !this.#resized) return;
    if (!this.#resized || size < this.#smallest) this.#smallest = size;
    this.#resized = true;
    this.#bytesMax = size;
    this.#evict(0);
  }

  /** Most octets that `fields` can take. */
  static bound(fields: readonly string[]): number {
    let bytes = 20;
    for (let index = 0; index < fields.length; index++) bytes += fields[index]!.length + FIELD_OVERHEAD;
    return bytes;
  }

  /** Writes the block of `fields` (name, value, name, value …) at `at`; answers where it ends. */
  encode(fields: readonly string[], output: Buffer, at: number): number {
    this.#output = output;
    this.#at = at;
    if (this.#resized) {
      this.#resized = false;
      if (this.#smallest < this.#bytesMax) this.#integer(0x20, 5, this.#smallest);
      this.#integer(0x20, 5, this.#bytesMax);
    }
    try {
      for (let index = 0; index + 1 < fields.length; index += 2)
        this.#field(fields[index]!, fields[index + 1]!);
    } catch (error) {
      this.#startOver();
      throw error;
    }
    return this.#at;
  }

  /** A block that is not sent leaves entries the peer does not have: both begin again with an empty table. */
  #startOver(): void {
    const bytesMax = this.#bytesMax;
    this.#bytesMax = 0;
    this.#evict(0);
    this.#bytesMax = bytesMax;
    this.#smallest = 0;
    this.#resized = true;
  }

  #field(name: string, value: string): void {
    const known = this.#known.get(name) ?? this.#learn(name);
    if (known.staticValues !== undefined) {
      const index = known.staticValues.get(value);
      if (index !== undefined) {
        this.#output[this.#at++] = 0x80 | index;
        return;
      }
    }
    if (known.live > 0) {
      const serial = known.values.get(value);
      if (serial !== undefined) {
        this.#integer(0x80, 7, STATIC_LAST + this.#inserted - serial);
        return;
      }
    }
    this.#literal(known, name, value);
  }

  #literal(known: Known, name: string, value: string): void {
    const nameIndex = known.newest >= 0 ? STATIC_LAST + this.#inserted - known.newest : known.staticIndex;
    const bytes = name.length + value.length + ENTRY_OVERHEAD;
    const indexed =
      bytes <= this.#bytesMax * ENTRY_SHARE_MAX &&
      (known.policy === Policy.index || (known.policy === Policy.name && nameIndex === 0));
    if (indexed) this.#integer(0x40, 6, nameIndex);
    else this.#integer(known.policy === Policy.never ? 0x10 : 0, 4, nameIndex);
    if (nameIndex === 0) this.#string(name, indexed);
    this.#string(value, indexed);
    if (indexed) this.#insert(known, name, value, bytes);
    else if (known.live === 0 && known.staticIndex === 0) this.#known.delete(name);
  }

  #learn(name: string): Known {
    if (!NAME_TEXT.test(name)) {
      throw wrongName(name);
    }
    const known: Known = {
      policy: policyOf(name),
      staticIndex: 0,
      staticValues: undefined,
      values: new Map(),
      newest: -1,
      live: 0,
    };
    this.#known.set(name, known);
    return known;
  }

  #insert(known: Known, name: string, value: string, bytes: number): void {
    this.#evict(bytes);
    const serial = this.#inserted++;
    const slot = serial & this.#mask;
    this.#entryKnown[slot] = known;
    this.#entryNames[slot] = name;
    this.#entryValues[slot] = value;
    this.#count++;
    this.#bytes += bytes;
    known.values.set(value, serial);
    known.newest = serial;
    known.live++;
    this.#known.set(name, known);
  }

  #evict(bytes: number): void {
    while (this.#count > 0 && this.#bytes + bytes > this.#bytesMax) {
      const serial = this.#inserted - this.#count;
      const slot = serial & this.#mask;
      const known = this.#entryKnown[slot]!;
      const name = this.#entryNames[slot]!;
      const value = this.#entryValues[slot]!;
      this.#bytes -= name.length + value.length + ENTRY_OVERHEAD;
      this.#count--;
      known.live--;
      if (known.values.get(value) === serial) known.values.delete(value);
      if (known.newest === serial) known.newest = -1;
      if (known.live === 0 && known.staticIndex === 0) this.#known.delete(name);
      this.#entryKnown[slot] = undefined;
      this.#entryNames[slot] = undefined;
      this.#entryValues[slot] = undefined;
    }
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    const output = this.#output;
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      output[this.#at++] = pattern | value;
      return;
    }
    output[this.#at++] = pattern | mask;
    let rest = value - mask;
    while (rest >= 0x80) {
      output[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    output[this.#at++] = rest;
  }

  #string(text: string, coded: boolean): void {
    if (coded) {
      const length = huffmanLength(text);
      if (length < text.length) {
        checkOctets(text);
        this.#integer(0x80, 7, length);
        this.#at = huffmanEncode(text, this.#output, this.#at);
        return;
      }
    }
    this.#integer(0, 7, text.length);
    if (text.length > 48) {
      checkOctets(text);
      this.#at += writeLatin1(this.#output, text, this.#at);
      return;
    }
    // For a short text a loop costs less than the call into the runtime.
    const output = this.#output;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 255 || (code < 0x20 && code !== 0x09)) throw wrongValue(text);
      output[at++] = code;
    }
    this.#at = at;
  }
}

/** Throws what `encode` would throw, for fields that are encoded later, when nobody is there to catch it. */
export function checkFields(fields: readonly string[]): void {
  for (let index = 0; index + 1 < fields.length; index += 2) {
    if (!NAME_TEXT.test(fields[index]!)) throw wrongName(fields[index]!);
    checkOctets(fields[index + 1]!);
  }
}

const CONTROL = /[^\x20-\xff\t]/;

/** What is cut to an octet could become a line feed on the other side of a proxy. */
function checkOctets(text: string): void {
  if (CONTROL.test(text)) throw wrongValue(text);
}

function wrongName(name: string): Fault {
  return new Fault("invalid", `Cannot encode field ${JSON.stringify(name)}: not a name in lower case`);
}

function wrongValue(text: string): Fault {
  return new Fault(
    "invalid",
    `Cannot encode field value ${JSON.stringify(text)}: an octet has no place in one`,
  );
}
