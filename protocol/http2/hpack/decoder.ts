import { latin1 } from "../latin1.ts";
import { kindOfField, kindOfName } from "./field-kind.ts";
import { huffmanDecode } from "./huffman.ts";
import { STATIC_LAST, staticNames, staticValues } from "./static-table.ts";

/** An entry's size beyond its octets (RFC 7541 §4.1). */
const ENTRY_OVERHEAD = 32;
/** Integers beyond this are refused: no length or index of ours comes near, and a double stays exact. */
const INTEGER_MAX = 2 ** 28;
const EMPTY = Buffer.alloc(0);

const staticKinds = new Uint8Array(STATIC_LAST + 1);
const staticNameKinds = new Uint8Array(STATIC_LAST + 1);
for (let index = 1; index <= STATIC_LAST; index++) {
  staticNameKinds[index] = kindOfName(staticNames[index]!);
  staticKinds[index] = kindOfField(staticNameKinds[index]!, staticNames[index]!, staticValues[index]!);
}

export interface HpackDecoderOptions {
  /** The table's most bytes: what our SETTINGS_HEADER_TABLE_SIZE says. Default: 4096, the protocol's. */
  readonly tableBytesMax?: number;
  /** A field list's most bytes, counted as SETTINGS_MAX_HEADER_LIST_SIZE does. */
  readonly listBytesMax: number;
  /** A field list's most fields. */
  readonly fieldsMax: number;
}

/**
 * Decodes field blocks (RFC 7541). A list beyond its limits is decoded to the end, since the table must stay in step
 * with the peer's, but not kept: `tooLarge`. Fields from the tables cost no look at their octets: each entry keeps
 * its kind. Budget: about 20 ns per indexed field. Benchmark: grpc.
 */
export class HpackDecoder {
  /** Name, value, name, value …; a new array per block, which is the caller's. */
  fields: string[] = [];
  /** The kinds of `fields`, one per pair; valid until the next call. */
  readonly kinds: Uint8Array;
  tooLarge = false;

  readonly #listBytesMax: number;
  readonly #fieldsMax: number;
  #names: (string | undefined)[];
  #values: (string | undefined)[];
  #nameKinds: Uint8Array;
  #kinds: Uint8Array;
  /** Entries ever inserted: the newest is at `(inserted - 1) & mask`. */
  #inserted = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number;
  #settingMax: number;
  #input: Buffer = EMPTY;
  #at = 0;
  #end = 0;
  #wrong = false;
  #scratch: Buffer = Buffer.allocUnsafeSlow(512);
  #listBytes = 0;

  constructor(options: HpackDecoderOptions) {
    this.#listBytesMax = options.listBytesMax;
    this.#fieldsMax = options.fieldsMax;
    this.#settingMax = options.tableBytesMax ?? 4096;
    this.#bytesMax = this.#settingMax;
    this.kinds = new Uint8Array(options.fieldsMax);
    let slots = 1;
    while (slots * ENTRY_OVERHEAD <= this.#settingMax) slots *= 2;
    this.#names = Array.from<string | undefined>({ length: slots }).fill(undefined);
    this.#values = Array.from<string | undefined>({ length: slots }).fill(undefined);
    this.#nameKinds = new Uint8Array(slots);
    this.#kinds = new Uint8Array(slots);
  }

  /** Bytes the table holds, as the RFC counts them. */
  get tableBytes(): number {
    return this.#bytes;
  }

  /** Decodes a whole block; false if it is wrong, which ends the connection (RFC 9113 §4.3). */
  decode(input: Buffer, from: number, to: number): boolean {
    this.fields = [];
    this.tooLarge = false;
    this.#listBytes = 0;
    this.#input = input;
    this.#at = from;
    this.#end = to;
    this.#wrong = false;
    let mayResize = true;
    while (this.#at < to) {
      const first = input[this.#at]!;
      if (first >= 0x80) {
        if (!this.#indexed(first)) break;
      } else if (first >= 0x40) {
        if (!this.#literal(6, true)) break;
      } else if (first >= 0x20) {
        const bytes = this.#integer(5);
        // Updates come first in a block only, and within what our setting allows (§4.2, §6.3).
        if (this.#wrong || !mayResize || bytes > this.#settingMax) {
          this.#wrong = true;
          break;
        }
        this.#bytesMax = bytes;
        this.#evict(0);
        continue;
      } else if (!this.#literal(4, false)) break;
      mayResize = false;
    }
    this.#input = EMPTY;
    return !this.#wrong;
  }

  #indexed(first: number): boolean {
    let index = first & 0x7f;
    if (index === 0x7f) index = this.#integer(7);
    else this.#at++;
    if (index <= STATIC_LAST) {
      if (index === 0) return this.#fail();
      return this.#add(staticNames[index]!, staticValues[index]!, staticKinds[index]!);
    }
    const slot = this.#slot(index);
    if (slot < 0) return this.#fail();
    return this.#add(this.#names[slot]!, this.#values[slot]!, this.#kinds[slot]!);
  }

  #literal(prefixBits: number, insert: boolean): boolean {
    const index = this.#integer(prefixBits);
    if (this.#wrong) return false;
    let name: string;
    let nameKind: number;
    if (index === 0) {
      name = this.#string();
      if (this.#wrong) return false;
      nameKind = kindOfName(name);
    } else if (index <= STATIC_LAST) {
      name = staticNames[index]!;
      nameKind = staticNameKinds[index]!;
    } else {
      const slot = this.#slot(index);
      if (slot < 0) return this.#fail();
      name = this.#names[slot]!;
      nameKind = this.#nameKinds[slot]!;
    }
    const value = this.#string();
    if (this.#wrong) return false;
    const kind = kindOfField(nameKind, name, value);
    if (insert) this.#insert(name, value, nameKind, kind);
    return this.#add(name, value, kind);
  }

  #add(name: string, value: string, kind: number): boolean {
    if (this.#wrong) return false;
    this.#listBytes += name.length + value.length + ENTRY_OVERHEAD;
    const count = this.fields.length >> 1;
    if (this.tooLarge || this.#listBytes > this.#listBytesMax || count === this.#fieldsMax) {
      this.tooLarge = true;
      return true;
    }
    this.kinds[count] = kind;
    this.fields.push(name, value);
    return true;
  }

  #insert(name: string, value: string, nameKind: number, kind: number): void {
    const bytes = name.length + value.length + ENTRY_OVERHEAD;
    this.#evict(bytes);
    if (bytes > this.#bytesMax) return; // it only empties the table (§4.4)
    const slot = this.#inserted++ & (this.#names.length - 1);
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#nameKinds[slot] = nameKind;
    this.#kinds[slot] = kind;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Makes room for an entry of `bytes`. */
  #evict(bytes: number): void {
    const mask = this.#names.length - 1;
    while (this.#count > 0 && this.#bytes + bytes > this.#bytesMax) {
      const slot = (this.#inserted - this.#count) & mask;
      this.#bytes -= this.#names[slot]!.length + this.#values[slot]!.length + ENTRY_OVERHEAD;
      this.#names[slot] = undefined;
      this.#values[slot] = undefined;
      this.#count--;
    }
  }

  #slot(index: number): number {
    const age = index - STATIC_LAST; // 1 is the newest
    if (age > this.#count) return -1;
    return (this.#inserted - age) & (this.#names.length - 1);
  }

  #fail(): boolean {
    this.#wrong = true;
    return false;
  }

  /** An integer with a prefix of so many bits (§5.1). */
  #integer(prefixBits: number): number {
    const input = this.#input;
    const mask = (1 << prefixBits) - 1;
    let value = input[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.#at >= this.#end) break;
      const octet = input[this.#at++]!;
      value += (octet & 0x7f) * 2 ** shift;
      if (value > INTEGER_MAX) break;
      if (octet < 0x80) return value;
    }
    this.#wrong = true;
    return 0;
  }

  #string(): string {
    if (this.#at >= this.#end) {
      this.#wrong = true;
      return "";
    }
    const coded = this.#input[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (this.#wrong || to > this.#end) {
      this.#wrong = true;
      return "";
    }
    this.#at = to;
    if (!coded) return latin1(this.#input, from, to);
    // The shortest code has five bits.
    const most = Math.ceil((length * 8) / 5);
    if (most > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(most * 2);
    const decoded = huffmanDecode(this.#input, from, to, this.#scratch);
    if (decoded < 0) {
      this.#wrong = true;
      return "";
    }
    return latin1(this.#scratch, 0, decoded);
  }
}
