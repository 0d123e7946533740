/** SeaHash (https://docs.rs/seahash) with its usual keys. */
const MASK = 0xffff_ffff_ffff_ffffn;
const FACTOR = 0x6eed_0e9d_a4d9_4a4fn;
const KEYS = [
  0x16f1_1fe8_9b0d_677cn,
  0xb480_a793_d8e6_c86cn,
  0x6fe2_e5aa_f078_ebc9n,
  0x14f9_94a4_c525_9381n,
] as const;

/** Without a sign. */
export function seahash(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lanes: bigint[] = [...KEYS];
  let lane = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    lanes[lane] = diffused(lanes[lane]! ^ wordAt(view, at));
    lane = (lane + 1) % 4;
  }
  return diffused(lanes[0]! ^ lanes[1]! ^ lanes[2]! ^ lanes[3]! ^ BigInt(bytes.length));
}

/** Up to eight bytes. */
function wordAt(view: DataView, at: number): bigint {
  if (at + 8 <= view.byteLength) return view.getBigUint64(at, true);
  let word = 0n;
  for (let index = view.byteLength - 1; index >= at; index--)
    word = (word << 8n) | BigInt(view.getUint8(index));
  return word;
}

function diffused(value: bigint): bigint {
  const first = (value * FACTOR) & MASK;
  const second = first ^ ((first >> 32n) >> (first >> 60n));
  return (second * FACTOR) & MASK;
}
