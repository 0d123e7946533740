/** Node's and Bun's own method behind `toString("latin1")`, without the look-up of the encoding's name. */
interface Latin1Sliceable {
  latin1Slice(from: number, to: number): string;
}

/** Octets as text, one character each. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Latin1Sliceable).latin1Slice(from, to);
}
