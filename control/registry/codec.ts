import { isDeepStrictEqual } from "node:util";
import { Fault } from "@plinth/fault";
import { API_VERSION, definitions, type KindName, kinds, type KindTypes } from "@plinth/resource";
import type { Entry } from "@plinth/store";

export const ROOT = "/registry/";

const namePattern = new RegExp(definitions.Metadata.properties.name.pattern);
const NAME_CHARACTERS_MAX = definitions.Metadata.properties.name.maxLength;
/** A refused name in a message is cut to this. */
const NAME_SHOWN_CHARACTERS = 80;

const kindByPlural: ReadonlyMap<string, KindName> = new Map(
  Object.values(kinds).map((kind) => [kind.plural, kind.kind]),
);

export function prefixOf(kind: KindName | undefined): string {
  return kind === undefined ? ROOT : `${ROOT}${kinds[kind].plural}/`;
}

export function keyOf(kind: KindName, name: string): string {
  if (name.length > NAME_CHARACTERS_MAX || !namePattern.test(name)) {
    throw new Fault(
      "invalid",
      `Cannot name ${kind} ${JSON.stringify(name.slice(0, NAME_SHOWN_CHARACTERS))}: ` +
        `names are lower-case letters, digits, "-" and ".", at most ${NAME_CHARACTERS_MAX} characters`,
    );
  }
  return prefixOf(kind) + name;
}

export function kindOfKey(key: string): KindName | undefined {
  return kindByPlural.get(key.slice(ROOT.length, key.indexOf("/", ROOT.length)));
}

/** The resource in an entry; its resourceVersion is the revision that wrote it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a key holds is known to its reader
export function decode<K extends KindName>(entry: Entry, revision: number = entry.modRevision): KindTypes[K] {
  const stored = JSON.parse(Buffer.from(entry.value).toString("utf8")) as KindTypes[K];
  return { ...stored, metadata: { ...stored.metadata, resourceVersion: String(revision) } };
}

/** What is stored: apiVersion, kind, metadata without resourceVersion, spec and status. */
export function encode<K extends KindName>(
  kind: K,
  resource: Omit<KindTypes[K], "apiVersion" | "kind">,
): Buffer {
  const { resourceVersion: _, ...metadata } = resource.metadata;
  const stored = { apiVersion: API_VERSION, kind, metadata, spec: resource.spec, status: resource.status };
  return Buffer.from(JSON.stringify(stored));
}

export function hasLabels(
  resource: { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } },
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (labels === undefined) return true;
  const own = resource.metadata.labels ?? {};
  return Object.entries(labels).every(([name, value]) => Object.hasOwn(own, name) && own[name] === value);
}

/** Equal as stored: a property that is undefined counts as absent. */
export function sameAsStored(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(asStored(left), asStored(right));
}

function asStored(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
