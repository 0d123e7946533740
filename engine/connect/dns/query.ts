/** RFC 1035 section 4.1.1. */
export const Rcode = {
  none: 0,
  malformed: 1,
  failed: 2,
  unknownName: 3,
  unsupported: 4,
  refused: 5,
} as const;

/** RFC 1035 section 3.2.2, and RFC 3596 and 6891 for the last two. */
export const RecordCode = { a: 1, cname: 5, soa: 6, ptr: 12, aaaa: 28, opt: 41, any: 255 } as const;

export const HEADER_BYTES = 12;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
const CLASS_IN = 1;
/** RFC 1035 section 4.2.1: what a client takes by UDP that does not say otherwise (RFC 6891 section 6.2.3). */
const PLAIN_UDP_BYTES = 512;

/** One well-formed question. */
export interface Query {
  readonly packet: Buffer;
  /** In lower case, without a dot at its end; empty for the root. */
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the packet. */
  readonly questionEnd: number;
  readonly hasEdns: boolean;
  /** The longest answer its sender takes by UDP. */
  readonly udpBytesMax: number;
}

/**
 * Reads a query strictly: one question, at most one OPT record behind it, nothing else, no compression. A number is
 * the response code to answer with; undefined: not to be answered at all, since answering answers would make loops.
 */
export function readQuery(packet: Buffer): Query | number | undefined {
  if (packet.length < HEADER_BYTES) return undefined;
  const flags = packet.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  if ((flags & 0x7800) !== 0) return Rcode.unsupported;
  const additional = packet.readUInt16BE(10);
  if (packet.readUInt16BE(4) !== 1 || packet.readUInt32BE(6) !== 0 || additional > 1) return Rcode.malformed;

  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = packet[at];
    if (length === undefined || length > LABEL_BYTES_MAX) return Rcode.malformed;
    at++;
    if (length === 0) break;
    if (at + length > packet.length || at + length - HEADER_BYTES >= NAME_BYTES_MAX) return Rcode.malformed;
    // A dot or a byte beyond ASCII inside a label would let two different names look alike to a policy.
    for (let index = at; index < at + length; index++) {
      const byte = packet[index]!;
      if (byte < 0x21 || byte > 0x7e || byte === 0x2e) return Rcode.malformed;
    }
    labels.push(packet.toString("latin1", at, at + length));
    at += length;
  }
  if (at + 4 > packet.length) return Rcode.malformed;
  const type = packet.readUInt16BE(at);
  const questionClass = packet.readUInt16BE(at + 2);
  const questionEnd = at + 4;
  let udpBytesMax = PLAIN_UDP_BYTES;
  if (additional === 1) {
    // RFC 6891 section 6.1.2: the root's name, type, size, extended flags, length of its data.
    const start = questionEnd;
    if (start + 11 > packet.length || packet[start] !== 0) return Rcode.malformed;
    if (packet.readUInt16BE(start + 1) !== RecordCode.opt) return Rcode.malformed;
    if (start + 11 + packet.readUInt16BE(start + 9) !== packet.length) return Rcode.malformed;
    udpBytesMax = Math.max(PLAIN_UDP_BYTES, packet.readUInt16BE(start + 3));
  } else if (questionEnd !== packet.length) {
    return Rcode.malformed;
  }
  if (questionClass !== CLASS_IN) return Rcode.refused;
  const name = labels.join(".").toLowerCase();
  return { packet, name, type, questionEnd, hasEdns: additional === 1, udpBytesMax };
}

/** Whether `answer` is a response to this query: its id, and its question but for the case of letters. */
export function isAnswerTo(query: Query, id: number, answer: Buffer): boolean {
  if (answer.length < query.questionEnd || answer.readUInt16BE(0) !== id) return false;
  if ((answer.readUInt16BE(2) & 0xf800) !== 0x8000 || answer.readUInt16BE(4) !== 1) return false;
  const asked = query.packet.toString("latin1", HEADER_BYTES, query.questionEnd).toLowerCase();
  return answer.toString("latin1", HEADER_BYTES, query.questionEnd).toLowerCase() === asked;
}
