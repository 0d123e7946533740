import { codeLengths, codes, END_OF_STRING, SYMBOLS } from "./huffman-code.ts";

/**
 * Huffman strings (RFC 7541 §5.2). Decoding is a machine that takes four bits a step; its table is made from the code
 * when the module loads. Budget: about 2 ns per octet. Benchmark: grpc.
 */

/** A step's entry: the next state, the symbol it completes, and what may be said of it. */
const SYMBOL_SHIFT = 8;
const EMIT = 1 << 16;
/** The string may end here: what is left are at most seven bits, all ones. */
const ACCEPT = 1 << 17;
const FAIL = 1 << 18;

const steps: Int32Array = buildSteps();

function buildSteps(): Int32Array {
  // Inner nodes of the code's tree are the machine's states; a child is a node, or a symbol as ~symbol.
  const children: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    let node = 0;
    for (let bit = codeLengths[symbol]! - 1; bit > 0; bit--) {
      const side = (codes[symbol]! >>> bit) & 1;
      let child = children[node]![side as 0 | 1];
      if (child === 0) {
        child = children.length;
        children.push([0, 0]);
        children[node]![side as 0 | 1] = child;
      }
      node = child;
    }
    children[node]![(codes[symbol]! & 1) as 0 | 1] = ~symbol;
  }
  const accepting = new Set<number>([0]);
  for (let node = 0, ones = 0; ones < 7; ones++) {
    node = children[node]![1];
    accepting.add(node);
  }
  const table = new Int32Array(children.length * 16);
  for (let state = 0; state < children.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state;
      let entry = 0;
      for (let bit = 3; bit >= 0 && entry !== FAIL; bit--) {
        node = children[node]![((nibble >>> bit) & 1) as 0 | 1];
        if (node >= 0) continue;
        entry = ~node === END_OF_STRING ? FAIL : EMIT | (~node << SYMBOL_SHIFT);
        node = 0;
      }
      if (entry !== FAIL) entry |= node | (accepting.has(node) ? ACCEPT : 0);
      table[state * 16 + nibble] = entry;
    }
  }
  return table;
}

/** Writes what `input[from..to]` stands for to `output` and answers how many octets that are; -1 if it is wrong. */
export function huffmanDecode(input: Uint8Array, from: number, to: number, output: Uint8Array): number {
  let entry = ACCEPT;
  let length = 0;
  for (let at = from; at < to; at++) {
    const octet = input[at]!;
    entry = steps[((entry & 0xff) << 4) | (octet >>> 4)]!;
    if ((entry & (EMIT | FAIL)) !== 0) {
      if ((entry & FAIL) !== 0) return -1;
      output[length++] = (entry >>> SYMBOL_SHIFT) & 0xff;
    }
    entry = steps[((entry & 0xff) << 4) | (octet & 15)]!;
    if ((entry & (EMIT | FAIL)) !== 0) {
      if ((entry & FAIL) !== 0) return -1;
      output[length++] = (entry >>> SYMBOL_SHIFT) & 0xff;
    }
  }
  return (entry & ACCEPT) === 0 ? -1 : length;
}

/** How many octets `text` takes when encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += codeLengths[text.charCodeAt(index) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Encodes latin1 `text` to `output` at `at`; answers where it ends. */
export function huffmanEncode(text: string, output: Uint8Array, at: number): number {
  let held = 0;
  let heldBits = 0; // below 8 between symbols
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    let length = codeLengths[symbol]!;
    const code = codes[symbol]!;
    // A word has 32 bits: codes of 25 bits and more go in two parts.
    if (length > 24) {
      length -= 16;
      held = (held << length) | (code >>> 16);
      heldBits += length;
      while (heldBits >= 8) {
        heldBits -= 8;
        output[at++] = held >>> heldBits;
      }
      length = 16;
      held = (held << 16) | (code & 0xffff);
    } else {
      held = (held << length) | code;
    }
    heldBits += length;
    while (heldBits >= 8) {
      heldBits -= 8;
      output[at++] = held >>> heldBits;
    }
  }
  if (heldBits > 0) output[at++] = (held << (8 - heldBits)) | (0xff >>> heldBits);
  return at;
}
