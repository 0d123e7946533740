import type { Answer } from "dns-packet";
import type { Snapshot, SourceIdentity } from "../snapshot.ts";
import { addressRecord, authorityRecord, encodeAnswer, pointerRecord } from "./answer.ts";
import type { EgressNames } from "./name-policy.ts";
import { type Query, Rcode, RecordCode } from "./query.ts";

/** Reserved by ICANN for private use: no such name exists outside. */
const DOMAIN = "internal";
const REVERSE = ".in-addr.arpa";

/** All names that the mesh itself answers for, as one snapshot has them. */
export class Zone {
  readonly #names: Readonly<Record<string, string>>;
  readonly #aliases: Readonly<Record<string, string>>;
  readonly #sources: Readonly<Record<string, SourceIdentity>>;
  readonly #egress: Readonly<Record<string, EgressNames>>;
  readonly #apps: ReadonlySet<string>;
  readonly #pointers: Map<string, string> = new Map();

  constructor(snapshot: Snapshot) {
    this.#names = snapshot.dns?.names ?? {};
    this.#aliases = snapshot.dns?.aliases ?? {};
    this.#egress = snapshot.dns?.egress ?? {};
    this.#sources = snapshot.sources;
    this.#apps = new Set(Object.keys(this.#names).map((key) => key.slice(0, key.indexOf("."))));
    // APP.SERVICE and APP.SERVICE.SUFFIX turn round into names.
    const turned = (key: string): string => `${key.split(".").reverse().join(".")}.${DOMAIN}`;
    for (const [address, { instance }] of Object.entries(snapshot.sources))
      this.#pointers.set(reverseName(address), turned(instance));
    for (const [key, address] of Object.entries(this.#names))
      this.#pointers.set(reverseName(address), turned(key));
  }

  caller(address: string): SourceIdentity | undefined {
    return Object.hasOwn(this.#sources, address) ? this.#sources[address] : undefined;
  }

  egressOf({ app, service }: SourceIdentity): EgressNames | undefined {
    const key = `${app}.${service}`;
    return Object.hasOwn(this.#egress, key) ? this.#egress[key] : undefined;
  }

  /** The mesh's own answer; undefined for names of the world. */
  answer(query: Query, caller: SourceIdentity): Buffer | undefined {
    const { name } = query;
    const target = this.#pointers.get(name);
    if (target !== undefined) {
      const pointer = query.type === RecordCode.ptr || query.type === RecordCode.any;
      return this.#found(query, name, pointer ? [pointerRecord(name, target)] : []);
    }
    if (name === "") return undefined;
    if (name === DOMAIN) return this.#found(query, DOMAIN, []);
    const isInternal = name.endsWith(`.${DOMAIN}`);
    const alias = addressIn(this.#aliases, caller.app, name);
    if (alias === undefined && name.includes(".") && !isInternal) return undefined;
    const zone = isInternal ? DOMAIN : "";
    const address = alias ?? this.#address(name, caller);
    if (address !== undefined) {
      const wanted = query.type === RecordCode.a || query.type === RecordCode.any;
      return this.#found(query, zone, wanted ? [addressRecord(name, address)] : []);
    }
    // An app's own name has names below it: it exists, with nothing on it (RFC 8020).
    if (isInternal && this.#apps.has(name.slice(0, -DOMAIN.length - 1))) return this.#found(query, zone, []);
    return encodeAnswer(query, Rcode.unknownName, { authorities: [authorityRecord(zone)] });
  }

  #found(query: Query, zone: string, answers: Answer[]): Buffer {
    if (answers.length > 0) return encodeAnswer(query, Rcode.none, { answers });
    return encodeAnswer(query, Rcode.none, { authorities: [authorityRecord(zone)] });
  }

  #address(name: string, caller: SourceIdentity): string | undefined {
    const labels = name.split(".");
    if (labels.length === 1)
      return name === "localhost" ? "127.0.0.1" : addressIn(this.#names, caller.app, name);
    const [service = "", app = ""] = labels;
    return labels.length === 3 ? addressIn(this.#names, app, service) : undefined;
  }
}

function addressIn(names: Readonly<Record<string, string>>, app: string, name: string): string | undefined {
  const key = `${app}.${name}`;
  return Object.hasOwn(names, key) ? names[key] : undefined;
}

function reverseName(address: string): string {
  return address.split(".").reverse().join(".") + REVERSE;
}
