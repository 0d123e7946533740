/** Community ID (https://github.com/corelight/community-id-spec): one id for both directions of a flow. */
import { sha1 } from "@noble/hashes/legacy.js";
import { base64Text } from "../encoding/base64.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;

/** Types of messages and those that answer them. */
const icmpAnswers: Readonly<Record<number, number>> = {
  0: 8,
  8: 0,
  9: 10,
  10: 9,
  13: 14,
  14: 13,
  15: 16,
  16: 15,
  17: 18,
  18: 17,
};
const icmpv6Answers: Readonly<Record<number, number>> = {
  128: 129,
  129: 128,
  130: 131,
  131: 130,
  133: 134,
  134: 133,
  135: 136,
  136: 135,
  139: 140,
  140: 139,
  144: 145,
  145: 144,
};

export interface Flow {
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  readonly seed: number;
}

export type CommunityId = { readonly id: string } | { readonly problem: string };

export function communityIdOf(flow: Flow): CommunityId {
  const { source, destination, protocol, seed } = flow;
  let { sourcePort, destinationPort } = flow;
  const hasPorts = protocol === TCP || protocol === UDP || protocol === SCTP;
  if (hasPorts && (sourcePort === undefined || destinationPort === undefined))
    return { problem: "src port and dst port should be set when protocol is tcp/udp/sctp" };
  if (source.length !== destination.length) return { problem: "src ip and dst ip should be same version!" };
  const isIpv4 = source.length === 4;
  let isOneWay = false;
  if (protocol === ICMP || protocol === ICMPV6) {
    if (isIpv4 !== (protocol === ICMP))
      return { problem: isIpv4 ? "icmpv6 can not over ipv4!" : "icmpv4 can not over ipv6!" };
    const type = sourcePort ?? 0;
    const answer = (isIpv4 ? icmpAnswers : icmpv6Answers)[type];
    isOneWay = answer === undefined;
    sourcePort = type;
    destinationPort = answer ?? destinationPort ?? 0;
  }
  const order = compareBytes(source, destination);
  const isInOrder = isOneWay || order < 0 || (order === 0 && (sourcePort ?? -1) < (destinationPort ?? -1));
  const [from, to] = isInOrder ? [source, destination] : [destination, source];
  const [fromPort, toPort] = isInOrder ? [sourcePort, destinationPort] : [destinationPort, sourcePort];
  const hashed = [seed >> 8, seed & 0xff, ...from, ...to, protocol, 0];
  if (fromPort !== undefined && toPort !== undefined)
    hashed.push(fromPort >> 8, fromPort & 0xff, toPort >> 8, toPort & 0xff);
  return { id: `1:${base64Text(sha1(Uint8Array.from(hashed)), "standard", true)}` };
}

/** Of the same length. */
function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (const [index, byte] of left.entries()) {
    if (byte !== right[index]) return byte - right[index]!;
  }
  return 0;
}
