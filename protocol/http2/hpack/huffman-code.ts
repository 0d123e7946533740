/**
 * The Huffman code of HPACK (RFC 7541 Appendix B). It is canonical: codes of one length are consecutive, in the order
 * of their symbols, so the lengths alone determine it. One digit of base 31 per symbol, 32 symbols a line.
 */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss" +
  "6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6" +
  "f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnno" +
  "mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrr" +
  "koklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

/** Symbols, the end of a string among them. */
export const SYMBOLS = 257;
/** The symbol no string may hold (§5.2). */
export const END_OF_STRING = 256;

export const codeLengths: Uint8Array = new Uint8Array(SYMBOLS);
/** Codes, right-aligned. */
export const codes: Uint32Array = new Uint32Array(SYMBOLS);

for (let symbol = 0; symbol < SYMBOLS; symbol++) codeLengths[symbol] = Number.parseInt(LENGTHS[symbol]!, 31);

const BITS_MAX = 30;
let next = 0;
for (let length = 1; length <= BITS_MAX; length++) {
  next *= 2;
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    if (codeLengths[symbol] === length) codes[symbol] = next++;
  }
}
