/** The form of queries, as the URL standard reads `application/x-www-form-urlencoded`. */
import { getKey, setKey } from "../../runtime/object.ts";
import { latin1Of } from "../json/reader.ts";
import type { Text } from "../../runtime/text.ts";
import type { VrlObject } from "../../runtime/value.ts";
import { percentDecoded } from "../encoding/percent.ts";

/** More than one value of a key make an array. */
export function parseQuery(query: Text): VrlObject {
  const object: VrlObject = {};
  for (const [key, value] of queryPairs(query)) {
    const existing = getKey(object, key);
    if (existing === undefined) setKey(object, key, value);
    else if (Array.isArray(existing)) existing.push(value);
    else setKey(object, key, [existing, value]);
  }
  return object;
}

/** A `?` before it is left out. */
export function queryPairs(query: Text): [key: string, value: string][] {
  if (typeof query !== "string") return pairsOf(latin1Of(query), decodedLatin1);
  return pairsOf(query.toWellFormed(), (part) => percentDecoded(part, "space"));
}

function decodedLatin1(part: string): string {
  return percentDecoded(
    Uint8Array.from(part, (unit) => unit.charCodeAt(0)),
    "space",
  );
}

function pairsOf(query: string, decode: (part: string) => string): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const part of (query.startsWith("?") ? query.slice(1) : query).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const key = equals === -1 ? part : part.slice(0, equals);
    pairs.push([decode(key), equals === -1 ? "" : decode(part.slice(equals + 1))]);
  }
  return pairs;
}
