/** The Workload API's messages (SPIFFE Workload API section 5), as protobuf writes them. Requests have no fields. */

export interface X509SvidMessage {
  readonly spiffeId: string;
  /** DER, leaf first, one after the other. */
  readonly certificates: Uint8Array;
  /** PKCS #8, DER. */
  readonly key: Uint8Array;
  /** Roots of the ID's trust domain, DER, one after the other. */
  readonly bundle: Uint8Array;
}

/** Wire type 2: a length, then so many bytes. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const head: number[] = [(number << 3) | 2];
  let length = bytes.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}

export function encodeX509SvidResponse(svids: readonly X509SvidMessage[]): Buffer {
  return Buffer.concat(
    svids.map(({ spiffeId, certificates, key, bundle }) =>
      field(1, Buffer.concat([field(1, spiffeId), field(2, certificates), field(3, key), field(4, bundle)])),
    ),
  );
}

/** Bundles by the SPIFFE ID of their trust domain; a map's entries are messages of key and value. */
export function encodeX509BundlesResponse(bundles: ReadonlyMap<string, Uint8Array>): Buffer {
  return Buffer.concat(
    [...bundles].map(([domain, bundle]) => field(2, Buffer.concat([field(1, domain), field(2, bundle)]))),
  );
}
