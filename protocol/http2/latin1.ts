/** Node's and Bun's own method behind `toString("latin1")`, without the look-up of the encoding's name. */
interface Latin1Octets {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, length: number): number;
}

/** Octets as text, one character each. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Latin1Octets).latin1Slice(from, to);
}

/** Writes text whose characters are octets; answers how many. */
export function writeLatin1(buffer: Buffer, text: string, at: number): number {
  return (buffer as unknown as Latin1Octets).latin1Write(text, at, text.length);
}
