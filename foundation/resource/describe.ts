import { type DefinitionName, referenceOf, resolved, type Schema, schemas } from "./schema.ts";

/** One key of an object, in words. */
export interface DescribedKey {
  readonly key: string;
  /** What may stand there, with its bounds. */
  readonly type: string;
  /** The definition that says more. */
  readonly of: DefinitionName | undefined;
  readonly required: boolean;
  /** Without what is in `byDefault`. */
  readonly description: string;
  readonly byDefault: string | undefined;
  /** A value that may stand there. */
  readonly example: unknown;
}

/** A definition, in words: an object with its keys, or, without any, a value. */
export interface Described {
  readonly name: DefinitionName;
  readonly description: string;
  /** Where it may stand: `services.<name>.health.ready`. */
  readonly places: readonly string[];
  readonly keys: readonly DescribedKey[];
  readonly example: unknown;
}

/** Everything that can stand in a definition, each part once, in the order in which a reader meets it. */
export function describe(root: DefinitionName): readonly Described[] {
  const places = new Map<DefinitionName, string[]>();
  const visit = (schema: Schema, place: string): void => {
    if (resolved(schema).readOnly === true) return;
    const name = referenceOf(schema);
    if (name !== undefined) {
      const known = places.get(name);
      if (known === undefined) places.set(name, [place]);
      else known.push(place);
    }
    const whole = name === undefined ? schema : schemas[name];
    for (const [key, property] of Object.entries(whole.properties ?? {}))
      visit(property, place === "" ? key : `${place}.${key}`);
    if (whole.additionalProperties) visit(whole.additionalProperties, `${place}.<name>`);
    if (whole.items !== undefined) visit(whole.items, `${place}[]`);
    for (const option of whole.anyOf ?? []) visit(option, place);
  };
  visit({ $ref: `#/$defs/${root}` }, "");
  return [...places].map(([name, found]) => ({
    name,
    description: schemas[name].description ?? "",
    places: found,
    keys: keysOf(schemas[name]),
    example: exampleOf(schemas[name]),
  }));
}

function keysOf(schema: Schema): DescribedKey[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, property]) => resolved(property).readOnly !== true)
    .map(([key, property]) => {
      const whole = resolved(property);
      const [description = "", byDefault] = (whole.description ?? "").split(/ ?Default: (?=[^.])/);
      return {
        key,
        type: typeText(property),
        of: partOf(property),
        required: schema.required?.includes(key) === true,
        description,
        byDefault: byDefault?.replace(/\.$/, ""),
        example: exampleOf(property),
      };
    });
}

/** The definition that a value, or what it is made of, refers to. */
function partOf(schema: Schema): DefinitionName | undefined {
  const name = referenceOf(schema);
  const whole = resolved(schema);
  // A list or map with a name of its own leads on to what is in it.
  if (name !== undefined && (whole.properties !== undefined || whole.type === "string")) return name;
  return [whole.items, whole.additionalProperties || undefined, ...(whole.anyOf ?? [])]
    .map((part) => (part === undefined ? undefined : partOf(part)))
    .find((found) => found !== undefined);
}

const nouns: Readonly<Record<NonNullable<Schema["type"]>, string>> = {
  object: "object",
  array: "list",
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
};

/** "whole number, 1 to 100"; the texts of a list or map go without their length. */
function typeText(schema: Schema, isPart = false): string {
  const whole = resolved(schema);
  if (whole.enum !== undefined) return whole.enum.map(String).join(", ");
  if (whole.const !== undefined) return JSON.stringify(whole.const);
  if (whole.anyOf !== undefined)
    return [...new Set(whole.anyOf.map((option) => typeText(option, isPart)))].join(", or ");
  if (whole.type === "array")
    return `list of ${typeText(whole.items ?? {}, true)}${bounds(whole.minItems, whole.maxItems, "entries")}`;
  if (whole.additionalProperties) {
    const text = typeText(whole.additionalProperties, true);
    return `map of ${text}${bounds(whole.minProperties, whole.maxProperties, "entries")}`;
  }
  const name = referenceOf(schema);
  if (name !== undefined && (whole.properties !== undefined || whole.pattern !== undefined)) return name;
  if (whole.type === "string")
    return isPart ? "text" : `text${bounds(undefined, whole.maxLength, "characters")}`;
  const noun = nouns[whole.type ?? "object"];
  return whole.minimum === undefined ? noun : `${noun}, ${whole.minimum} to ${whole.maximum}`;
}

function bounds(least: number | undefined, most: number | undefined, unit: string): string {
  if (most === undefined) return "";
  return least === undefined || least === 0 ? ` (at most ${most} ${unit})` : ` (${least} to ${most} ${unit})`;
}

/** What may stand there, for a reader to go by: of an object no more than it must have, or else its first key. */
function exampleOf(schema: Schema): unknown {
  const { examples, enum: choices, const: only, type, ...parts } = resolved(schema);
  if (examples !== undefined) return examples[0];
  if (choices !== undefined) return choices[0];
  if (only !== undefined) return only;
  if (type === "boolean") return true;
  const { items, additionalProperties, propertyNames, properties, required, anyOf } = parts;
  if (items !== undefined) return [exampleOf(items)];
  if (additionalProperties) {
    const key = propertyNames === undefined ? "name" : String(exampleOf(propertyNames));
    return { [key]: exampleOf(additionalProperties) };
  }
  if (properties !== undefined) {
    const keys = required ?? Object.keys(properties).slice(0, 1);
    return Object.fromEntries(keys.map((key) => [key, exampleOf(properties[key]!)]));
  }
  return anyOf === undefined ? undefined : exampleOf(anyOf[0]!);
}
