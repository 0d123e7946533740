import { type MapPart, type Part, isList, isMap, isNull, plain, scalarText } from "./part.ts";
import { pairsOf } from "./values.ts";

/** Of a service: what a later file says in place of an earlier one, list or not. */
const REPLACED = new Set(["command", "entrypoint", "test"]);
/** What may be a list of NAME=VALUE or a map, and is merged by name. */
const PAIRED = new Set(["environment", "labels", "annotations", "args", "sysctls"]);
/** What may be a list of names or a map of them. */
const NAMED = new Set(["depends_on", "networks"]);
/** Lists of which an entry takes the place of one for the same target. */
const TARGETED = new Set(["volumes", "secrets", "configs"]);

/** Two Compose files as one, the second over the first. */
export function mergeFiles(base: Part, over: Part): Part {
  return merged(base, over, (section, theirs, key) =>
    key === "services"
      ? merged(section, theirs, (one, other) => mergeServices(one, other))
      : merged(section, theirs, (one, other) => merged(one, other, (_, last) => last)),
  );
}

/** One service over another, as for `extends` too. */
export function mergeServices(base: Part, over: Part): Part {
  return merged(base, over, mergeKey);
}

function mergeKey(base: Part, over: Part, key: string): Part {
  if (REPLACED.has(key)) return over;
  if (PAIRED.has(key)) return mergeKeys(asMap(base, pairsIn), asMap(over, pairsIn));
  if (NAMED.has(key)) return mergeKeys(asMap(base, namesIn), asMap(over, namesIn));
  if (key === "build") return mergeKeys(asMap(base, contextIn), asMap(over, contextIn));
  if (isMap(base) && isMap(over)) return mergeKeys(base, over);
  if (isList(base) || isList(over)) {
    const own = isList(over) ? over.value : [over];
    const identity = TARGETED.has(key) ? targetOf : (part: Part): string => JSON.stringify(plain(part));
    const replaced = new Set(own.map(identity));
    const kept = (isList(base) ? base.value : [base]).filter((each) => !replaced.has(identity(each)));
    return { ...over, value: [...kept, ...own] };
  }
  return over;
}

const mergeKeys = (base: Part, over: Part): Part => merged(base, over, mergeKey);

function merged(base: Part, over: Part, both: (base: Part, over: Part, key: string) => Part): Part {
  if (!isMap(base) || !isMap(over)) return isNull(over) ? base : over;
  const value = new Map(base.value);
  for (const [key, theirs] of over.value) {
    const ours = base.value.get(key);
    value.set(
      key,
      ours === undefined || isNull(ours) ? theirs : isNull(theirs) ? ours : both(ours, theirs, key),
    );
  }
  return { ...over, value };
}

const asMap = (part: Part, read: (part: Part) => MapPart["value"] | undefined): Part => {
  const value = read(part);
  return value === undefined ? part : { ...part, value };
};
const pairsIn = (part: Part): MapPart["value"] | undefined => (isList(part) ? pairsOf(part, "=") : undefined);
const namesIn = (part: Part): MapPart["value"] | undefined =>
  isList(part) ? new Map(part.value.map((each) => [scalarText(each), { ...each, value: null }])) : undefined;
const contextIn = (part: Part): MapPart["value"] | undefined =>
  typeof part.value === "string" ? new Map([["context", part]]) : undefined;

/** Where a volume, secret or config of a service stands in the container. */
function targetOf(part: Part): string {
  if (isMap(part)) {
    const target = part.value.get("target") ?? part.value.get("source");
    return target === undefined ? "" : scalarText(target);
  }
  const words = scalarText(part).split(":");
  return words[1] ?? words[0]!;
}
