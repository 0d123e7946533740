/** Validates against JSON Schema by a library, and tells what is wrong the way VRL does. */
import { Validator, type OutputUnit } from "@cfworker/json-schema";
import { compareStrings } from "../../runtime/text.ts";

/** Formats that are checked. Others are refused, or let pass where the program says so. */
const FORMATS = new Set([
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "idn-email",
  "idn-hostname",
  "ipv4",
  "ipv6",
  "iri",
  "iri-reference",
  "json-pointer",
  "regex",
  "relative-json-pointer",
  "time",
  "uri",
  "uri-reference",
  "uri-template",
  "uuid",
]);

/** A value of JSON, numbers as the platform has them. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type ValidateJson = (instance: Json) => string | undefined;

/** The function that tells what is wrong with an instance; a string says what is wrong with the schema. */
export function validatorOf(schema: Json, ignoresUnknownFormats: boolean): ValidateJson | string {
  if (!isObject(schema) && typeof schema !== "boolean")
    return `${textOf(schema)} is not of types "boolean", "object"`;
  const unknown = ignoresUnknownFormats ? undefined : unknownFormat(schema);
  if (unknown !== undefined)
    return `Unknown format: '${unknown}'. Adjust configuration to ignore unrecognized formats`;
  let validator: Validator;
  try {
    validator = new Validator(schema, draftOf(schema), false);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return (instance) => {
    try {
      const { valid, errors } = validator.validate(instance);
      return valid ? undefined : problemText(schema, instance, errors);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}

function draftOf(schema: Json): "4" | "7" | "2019-09" | "2020-12" {
  const uri = isObject(schema) && typeof schema["$schema"] === "string" ? schema["$schema"] : "";
  if (/draft-0?4/.test(uri)) return "4";
  if (/draft-0?[67]/.test(uri)) return "7";
  return uri.includes("2019-09") ? "2019-09" : "2020-12";
}

function unknownFormat(schema: Json): string | undefined {
  if (Array.isArray(schema)) return firstOf(schema, unknownFormat);
  if (!isObject(schema)) return undefined;
  const { format } = schema;
  if (typeof format === "string" && !FORMATS.has(format)) return format;
  return firstOf(
    // What is data, not schema, has no formats.
    Object.entries(schema).flatMap(([key, value]) =>
      key === "const" || key === "enum" || key === "default" ? [] : [value],
    ),
    unknownFormat,
  );
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Keywords that are told by what is wrong below them. */
const CONTAINERS = new Set([
  "$ref",
  "$recursiveRef",
  "$dynamicRef",
  "allOf",
  "if",
  "properties",
  "patternProperties",
  "items",
  "prefixItems",
  "dependentSchemas",
]);
/** Keywords that are told by themselves, whatever is wrong below them. */
const WHOLES = new Set(["anyOf", "oneOf", "not", "contains", "propertyNames"]);

interface Told {
  readonly place: readonly string[];
  readonly instance: readonly string[];
  readonly text: string;
}

function problemText(schema: Json, instance: Json, units: readonly OutputUnit[]): string {
  const wholes = units
    .filter(({ keyword }) => WHOLES.has(keyword))
    .map(({ keywordLocation }) => `${keywordLocation}/`);
  const told = new Map<string, Told>();
  for (const unit of units) {
    if (wholes.some((whole) => unit.keywordLocation.startsWith(whole))) continue;
    const text = unitText(schema, instance, unit, units);
    if (text === undefined) continue;
    const at = unit.instanceLocation === "#" ? "/" : decodeURI(unit.instanceLocation.slice(1));
    const place = unit.keywordLocation.split("/");
    told.set(`${unit.keywordLocation} ${at} ${text}`, {
      place,
      instance: unit.instanceLocation.split("/"),
      text: `${text} at ${at}`,
    });
  }
  return [...told.values()]
    .sort(compareTold)
    .map(({ text }) => text)
    .join(", ");
}

/** Keywords below which the schema is of a part of the instance; and those of them whose next key names it. */
const NAMED = new Set(["properties", "patternProperties", "prefixItems"]);
const STEPS = new Set([
  ...NAMED,
  "items",
  "additionalItems",
  "unevaluatedItems",
  "additionalProperties",
  "unevaluatedProperties",
]);

/** What is left over of properties comes right after them. */
function orderOf(keyword: string): string {
  return keyword === "additionalProperties" ? "properties+" : keyword;
}

/** In the order of the schema's keys, and below one key in that of the instance. */
function compareTold(left: Told, right: Told): number {
  const length = Math.min(left.place.length, right.place.length);
  for (let index = 0, at = 1; index < length; index++) {
    const [one, other] = [left.place[index]!, right.place[index]!];
    if (one !== other) return compareStrings(orderOf(one), orderOf(other));
    if (!STEPS.has(one)) continue;
    const [first, second] = [left.instance[at] ?? "", right.instance[at] ?? ""];
    if (first !== second) return Number(first) - Number(second) || compareStrings(first, second);
    at++;
    // A name or an index, no keyword.
    if (NAMED.has(one)) index++;
  }
  return left.place.length - right.place.length;
}

/** Undefined: others tell it. */
function unitText(
  schema: Json,
  root: Json,
  unit: OutputUnit,
  units: readonly OutputUnit[],
): string | undefined {
  const { keyword } = unit;
  if (CONTAINERS.has(keyword)) return undefined;
  const instance = textOf(valueAt(root, unit.instanceLocation, false));
  if (UNEXPECTED.has(keyword)) return unexpectedText(schema, root, unit, units);
  if (keyword === "false") {
    const isTold = units.some((each) => unexpectedParts(schema, each, units).includes(unit.instanceLocation));
    return isTold ? undefined : `False schema does not allow ${instance}`;
  }
  if (keyword === "propertyNames") return nameText(schema, unit, units);
  return keywordText(keyword, instance, valueAt(schema, unit.keywordLocation, true), unit);
}

/** What is wrong with a property's name. */
function nameText(schema: Json, unit: OutputUnit, units: readonly OutputUnit[]): string | undefined {
  const name = /^Property name "(.*)" does not match/s.exec(unit.error)?.[1] ?? "";
  const reason = units.find(
    (each) =>
      each.keywordLocation.startsWith(`${unit.keywordLocation}/`) && nameOf(each.instanceLocation) === name,
  );
  if (reason === undefined) return undefined;
  return keywordText(
    reason.keyword,
    JSON.stringify(name),
    valueAt(schema, reason.keywordLocation, true),
    reason,
  );
}

function keywordText(keyword: string, instance: string, asked: Json, unit: OutputUnit): string | undefined {
  switch (keyword) {
    case "type":
      return Array.isArray(asked)
        ? `${instance} is not of types ${[...asked].map(textOf).sort(compareStrings).join(", ")}`
        : `${instance} is not of type ${textOf(asked)}`;
    case "const":
      return `${textOf(asked)} was expected`;
    case "enum":
      return `${instance} is not one of ${choices((asked as readonly Json[]).map(textOf))}`;
    case "not":
      return `${textOf(asked)} is not allowed for ${instance}`;
    case "anyOf":
      return `${instance} is not valid under any of the schemas listed in the 'anyOf' keyword`;
    case "oneOf":
      return unit.error.includes("(0 matches)")
        ? `${instance} is not valid under any of the schemas listed in the 'oneOf' keyword`
        : `${instance} is valid under more than one of the schemas listed in the 'oneOf' keyword`;
    case "required":
    case "dependentRequired":
    case "dependencies":
      return `"${/property "(.*)"\.$|not have "(.*)"\.$/s.exec(unit.error)?.slice(1).find(Boolean) ?? ""}" is a required property`;
    case "contains":
    case "minContains":
    case "maxContains":
      return `None of ${instance} are valid under the given schema`;
    case "format":
      return `${instance} is not a ${textOf(asked)}`;
    case "pattern":
      return `${instance} does not match "${asked as string}"`;
    case "uniqueItems":
      return `${instance} has non-unique elements`;
    case "multipleOf":
      return `${instance} is not a multiple of ${textOf(asked)}`;
    default:
      return boundText(keyword, instance, asked) ?? unit.error;
  }
}

function boundText(keyword: string, instance: string, asked: Json): string | undefined {
  const limit = textOf(asked);
  const plural = (one: string, many: string) => `${limit} ${asked === 1 ? one : many}`;
  switch (keyword) {
    case "minimum":
      return `${instance} is less than the minimum of ${limit}`;
    case "maximum":
      return `${instance} is greater than the maximum of ${limit}`;
    case "exclusiveMinimum":
      return `${instance} is less than or equal to the minimum of ${limit}`;
    case "exclusiveMaximum":
      return `${instance} is greater than or equal to the maximum of ${limit}`;
    case "minLength":
      return `${instance} is shorter than ${plural("character", "characters")}`;
    case "maxLength":
      return `${instance} is longer than ${plural("character", "characters")}`;
    case "minItems":
      return `${instance} has less than ${plural("item", "items")}`;
    case "maxItems":
      return `${instance} has more than ${plural("item", "items")}`;
    case "minProperties":
      return `${instance} has less than ${plural("property", "properties")}`;
    case "maxProperties":
      return `${instance} has more than ${plural("property", "properties")}`;
    default:
      return undefined;
  }
}

/** What there is too much of, by the keyword that does not allow it. */
const UNEXPECTED: ReadonlyMap<string, string> = new Map([
  ["additionalProperties", "Additional properties"],
  ["additionalItems", "Additional items"],
  ["unevaluatedProperties", "Unevaluated properties"],
  ["unevaluatedItems", "Unevaluated items"],
]);

/** Where the parts are that a keyword does not allow at all; it may also have a schema for them, which tells them then. */
function unexpectedParts(schema: Json, unit: OutputUnit, units: readonly OutputUnit[]): string[] {
  const { keyword, instanceLocation } = unit;
  if (!UNEXPECTED.has(keyword) || valueAt(schema, unit.keywordLocation, true) !== false) return [];
  const parts = units
    .filter((each) => each.keyword === "false")
    .map((each) => each.instanceLocation)
    .filter((location) => location.slice(0, location.lastIndexOf("/")) === instanceLocation);
  if (!keyword.endsWith("Properties")) return [...new Set(parts)];
  const names = new Set(
    units
      .filter((each) => each.keyword === keyword && each.instanceLocation === instanceLocation)
      .map((each) => /^Property "(.*)" does not match/s.exec(each.error)?.[1]),
  );
  return [...new Set(parts)].filter((location) => names.has(nameOf(location)));
}

function nameOf(location: string): string {
  return unescaped(location.slice(location.lastIndexOf("/") + 1));
}

/** All that is too much is told at once. */
function unexpectedText(
  schema: Json,
  root: Json,
  unit: OutputUnit,
  units: readonly OutputUnit[],
): string | undefined {
  const parts = unexpectedParts(schema, unit, units);
  if (parts.length === 0) return undefined;
  const { keyword } = unit;
  const names = keyword.endsWith("Properties")
    ? parts.map(nameOf).sort(compareStrings)
    : parts.map((location) => textOf(valueAt(root, location, false)));
  const told = UNEXPECTED.get(keyword)!.endsWith("Additional items")
    ? names
    : names.map((name) => `'${name}'`);
  return `${UNEXPECTED.get(keyword)} are not allowed (${told.join(", ")} ${names.length === 1 ? "was" : "were"} unexpected)`;
}

/** More than three are not all told. */
function choices(options: readonly string[]): string {
  if (options.length > 3)
    return `${options.slice(0, 2).join(", ")} or ${options.length - 2} other candidates`;
  if (options.length < 2) return options.join("");
  return `${options.slice(0, -1).join(", ")} or ${options.at(-1)}`;
}

/** What a location like `#/a/0` is of; in schemas it goes on behind references. */
function valueAt(root: Json, location: string, followsReferences: boolean): Json {
  let value: Json = root;
  for (const segment of location.split("/").slice(1)) {
    const key = unescaped(segment);
    if (Array.isArray(value)) value = value[Number(key)] ?? null;
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key]!;
    else return null;
    if (followsReferences && key === "$ref" && typeof value === "string") value = referredTo(root, value);
  }
  return value;
}

/** What is in the same schema; null: something else. */
function referredTo(root: Json, reference: string): Json {
  return reference.startsWith("#") ? valueAt(root, reference, false) : null;
}

function unescaped(segment: string): string {
  return decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~");
}

/** JSON with keys in order. */
function textOf(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort(compareStrings);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${textOf(value[key]!)}`).join(",")}}`;
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
