import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { bytesOf, lossyText, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import type { Host } from "./host.ts";
import { parseJsonText } from "./json/parse.ts";
import { JsonReader, latin1Of } from "./json/reader.ts";
import { validatorOf, type Json, type ValidateJson } from "./schema/validate.ts";

export const validateJsonSchema: FunctionDefinition = {
  name: "validate_json_schema",
  category: "Type",
  usage:
    "Tells whether `value`, a JSON document, is what a [JSON Schema](https://json-schema.org) asks for. If it is not, " +
    "it fails, and the error says why.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The JSON document." },
    {
      name: "schema_definition",
      kind: Part.bytes,
      description: "The path of the schema. It has to be a literal.",
    },
    {
      name: "ignore_unknown_formats",
      kind: Part.boolean,
      isOptional: true,
      description:
        "Whether formats that are not known are let pass; if not, a schema that names one is refused.",
    },
  ],
  failures: [
    "`value` is no JSON document, or not what the schema asks for.",
    "`schema_definition` cannot be read, or is no schema.",
    "The schema names a format that is not known, and `ignore_unknown_formats` is not `true`.",
  ],
  returns: Part.boolean,
  returnRules: ["`true` if `value` is what the schema asks for."],
  notices: [
    "The schema is read once, when the first event needs it: changes show when the program is compiled again.",
  ],
  typeOf: () => TypeDef.of(Kind.boolean).fallible,
  prepare: (call) => {
    const schema = call.constant("schema_definition");
    if (!isText(schema)) return { refused: "literal", name: "schema_definition" };
    const { host } = call;
    let validate: ValidateJson | undefined;
    return (value: Text, _schema: Text, ignoresUnknownFormats: boolean = false) => {
      const instance = instanceOf(value);
      if (instance instanceof Failure) return instance;
      if (validate === undefined) {
        const made = readSchema(host, lossyText(schema), ignoresUnknownFormats);
        if (made instanceof Failure) return made;
        validate = made;
      }
      const problem = validate(instance.json);
      return problem === undefined ? true : new Failure(`JSON schema validation failed: ${problem}`);
    };
  },
};

function instanceOf(value: Text): { readonly json: Json } | Failure {
  if (value.length === 0) return new Failure("Empty JSON value");
  const text = textOf(bytesOf(value));
  if (typeof text !== "string") {
    const wrong = new JsonReader(latin1Of(text), "bytes").document();
    return new Failure(
      `Invalid JSON: ${wrong instanceof Failure ? wrong.message : "invalid unicode code point"}`,
    );
  }
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  // Nothing but a mark of the byte order is null.
  if (json === "") return { json: null };
  const parsed = parseJsonText(json);
  if (parsed instanceof Failure) return new Failure(`Invalid JSON: ${parsed.message}`);
  return { json: JSON.parse(json) as Json };
}

function readSchema(host: Host, path: string, ignoresUnknownFormats: boolean): ValidateJson | Failure {
  let bytes: Uint8Array | undefined;
  try {
    bytes = host.readFile?.(path);
  } catch {
    bytes = undefined;
  }
  if (bytes === undefined)
    return new Failure(`JSON schema not found: Failed to open schema definition file '${path}'`);
  const text = lossyText(bytes);
  const parsed = parseJsonText(text);
  if (parsed instanceof Failure)
    return new Failure(
      `JSON schema not found: Failed to parse schema definition file '${path}': ${parsed.message}`,
    );
  const made = validatorOf(JSON.parse(text) as Json, ignoresUnknownFormats);
  return typeof made === "string" ? new Failure(`Failed to compile schema: ${made}`) : made;
}

export const examples: readonly Example[] = [
  {
    title: "What it has to be",
    source: `validate_json_schema!(s'{"id": 7, "email": "ada@example.com"}', "order.schema.json")`,
    result: "true",
  },
  {
    title: "What it must not be",
    source: `validate_json_schema!(s'{"id": 0, "email": "ada"}', "order.schema.json")`,
    error:
      'function call error for "validate_json_schema" at (0:72): JSON schema validation failed: "ada" is not a "email" at ' +
      "/email, 0 is less than the minimum of 1 at /id",
  },
];

function refused(json: string, problem: string): Pick<Example, "source" | "error"> {
  const source = `validate_json_schema!(s'${json}', "order.schema.json")`;
  const end = new TextEncoder().encode(source).length;
  return {
    source,
    error: `function call error for "validate_json_schema" at (0:${end}): JSON schema validation failed: ${problem}`,
  };
}

export const tests: readonly Example[] = [
  { title: "Something is missing", ...refused("{}", '"id" is a required property at /') },
  { title: "Of another type", ...refused('{"id": "x"}', '"x" is not of type "integer" at /id') },
  { title: "Another altogether", ...refused("[1]", '[1] is not of type "object" at /') },
  {
    title: "None of the choices",
    ...refused('{"id": 1, "state": "lost"}', '"lost" is not one of "open" or "paid" at /state'),
  },
  {
    title: "Too much",
    ...refused(
      '{"y": 1, "id": 1, "x": 2}',
      "Additional properties are not allowed ('x', 'y' were unexpected) at /",
    ),
  },
  {
    title: "Lists",
    ...refused(
      '{"id": 1, "items": ["a", "bc", "D", 1, "bc"]}',
      '"a" is shorter than 2 characters at /items/0, "D" is shorter than 2 characters at /items/2, "D" does not match ' +
        '"^[a-z]+$" at /items/2, 1 is not of type "string" at /items/3, ["a","bc","D",1,"bc"] has more than 2 items at ' +
        '/items, ["a","bc","D",1,"bc"] has non-unique elements at /items',
    ),
  },
  {
    title: "A format that is not known",
    source: `validate_json_schema!(s'"7b"', "odd.schema.json")`,
    error:
      'function call error for "validate_json_schema" at (0:49): Failed to compile schema: Unknown format: ' +
      "'house-number'. Adjust configuration to ignore unrecognized formats",
  },
  {
    title: "It is let pass",
    source: `validate_json_schema!(s'"7b"', "odd.schema.json", ignore_unknown_formats: true)`,
    result: "true",
  },
  {
    title: "No JSON",
    source: `validate_json_schema!("{", "order.schema.json")`,
    error:
      'function call error for "validate_json_schema" at (0:47): Invalid JSON: EOF while parsing an object at line 1 column 1',
  },
  {
    title: "Empty",
    source: `validate_json_schema!("", "order.schema.json")`,
    error: 'function call error for "validate_json_schema" at (0:46): Empty JSON value',
  },
];
