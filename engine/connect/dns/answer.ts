import { type Answer, encode, type SoaAnswer } from "dns-packet";
import { HEADER_BYTES, type Query, Rcode } from "./query.ts";

/** Short, since a service's address may go with its app, and asking costs microseconds. */
const TTL_S = 5;
/** What fits through every path without fragments: the value of DNS Flag Day 2020. */
const EDNS_BYTES = 1232;
const AUTHORITATIVE = 0x0400;
const RECURSION_AVAILABLE = 0x0080;
const TRUNCATED = 0x0200;
/** Opcode, RD and CD come back as they were sent. */
const ECHOED_FLAGS = 0x7910;

export const addressRecord = (name: string, address: string): Answer => ({
  type: "A",
  name,
  ttl: TTL_S,
  data: address,
});

export const pointerRecord = (name: string, target: string): Answer => ({
  type: "PTR",
  name,
  ttl: TTL_S,
  data: target,
});

/** Lets resolvers keep a "no" for as long as a "yes" (RFC 2308 section 5). */
export const authorityRecord = (zone: string): SoaAnswer => ({
  type: "SOA",
  name: zone === "" ? "." : zone,
  ttl: TTL_S,
  data: {
    mname: "ns.internal",
    rname: "hostmaster.internal",
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: TTL_S,
  },
});

/** A whole answer of our own, with the question as it was asked, letter case included. */
export function encodeAnswer(
  query: Query,
  rcode: number,
  records: { readonly answers?: Answer[]; readonly authorities?: Answer[] } = {},
): Buffer {
  const body = encode({
    type: "response",
    answers: records.answers ?? [],
    authorities: records.authorities ?? [],
    additionals: query.hasEdns
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: EDNS_BYTES,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
  // The encoder does not compress names, so the question can be put in as it came.
  const question = query.packet.subarray(HEADER_BYTES, query.questionEnd);
  const whole = Buffer.concat([body.subarray(0, HEADER_BYTES), question, body.subarray(HEADER_BYTES)]);
  whole.writeUInt16BE(1, 4);
  const authority = rcode === Rcode.none || rcode === Rcode.unknownName ? AUTHORITATIVE : 0;
  return stamp(whole, query.packet, rcode | authority);
}

/** What is said to a query that has no frame: its header alone. */
export function encodeError(packet: Buffer, rcode: number): Buffer {
  return stamp(Buffer.alloc(HEADER_BYTES), packet, rcode);
}

/** "Ask again by TCP" (RFC 1035 section 4.2.1). */
export function encodeTruncated(query: Query): Buffer {
  return stamp(encodeAnswer(query, Rcode.none), query.packet, TRUNCATED);
}

function stamp(answer: Buffer, packet: Buffer, flags: number): Buffer {
  packet.copy(answer, 0, 0, 2);
  answer.writeUInt16BE(0x8000 | (packet.readUInt16BE(2) & ECHOED_FLAGS) | RECURSION_AVAILABLE | flags, 2);
  return answer;
}
