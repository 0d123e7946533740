/** What one instance exchanged with one destination; gone from the table an hour after the last packet. */
export interface EgressCounter {
  readonly id: string;
  readonly destination: string;
  /** 0 for protocols without ports. */
  readonly port: number;
  readonly protocol: string;
  /** Both directions, with headers. */
  readonly bytes: number;
  readonly packets: number;
  /** Connections opened; of UDP, packets until the first answer; of others, always 0. */
  readonly connections: number;
}

interface Element {
  readonly elem?: {
    readonly val: { readonly concat: readonly (string | number)[] };
    readonly counter?: { readonly packets: number; readonly bytes: number };
  };
}

interface Listing {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly Element[] };
  }[];
}

/** The counters in a listing of the table (`nft -j`); `idOf` says whose sets end in a key. */
export function readCounters(listing: string, idOf: (key: string) => string | undefined): EgressCounter[] {
  const counters: EgressCounter[] = [];
  const begun = new Map<string, number>();
  const sets = (JSON.parse(listing) as Listing).nftables.map(({ set }) => set);
  for (const set of sets) {
    const [, key] = /^begun-(.*)$/.exec(set?.name ?? "") ?? [];
    for (const { elem } of set?.elem ?? [])
      if (key !== undefined && elem !== undefined)
        begun.set(`${key} ${elem.val.concat.join(" ")}`, elem.counter?.packets ?? 0);
  }
  for (const set of sets) {
    const [, kind, key = ""] = /^(passed|other)-(.*)$/.exec(set?.name ?? "") ?? [];
    const id = idOf(key);
    if (kind === undefined || id === undefined) continue;
    for (const { elem } of set?.elem ?? []) {
      if (elem === undefined) continue;
      const [destination = "", protocol = "", port = 0] = elem.val.concat;
      counters.push({
        id,
        destination: String(destination),
        port: Number(port),
        protocol: String(protocol),
        bytes: elem.counter?.bytes ?? 0,
        packets: elem.counter?.packets ?? 0,
        connections: begun.get(`${key} ${elem.val.concat.join(" ")}`) ?? 0,
      });
    }
  }
  return counters;
}
