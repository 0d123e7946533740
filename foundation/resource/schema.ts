import { definitions } from "./definitions.ts";

/** The part of JSON Schema 2020-12 that the definitions use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly description?: string;
  readonly examples?: readonly unknown[];
  /** Written by Plinth, not by hand. */
  readonly readOnly?: boolean;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  readonly propertyNames?: Schema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

export type DefinitionName = keyof typeof definitions;

export const schemas: Readonly<Record<DefinitionName, Schema>> = definitions;

const REFERENCE = "#/$defs/";

/** The definition a schema refers to, if it does. */
export function referenceOf(schema: Schema): DefinitionName | undefined {
  return schema.$ref?.slice(REFERENCE.length) as DefinitionName | undefined;
}

/** The schema with what it refers to filled in; its own description wins. */
export function resolved(schema: Schema): Schema {
  const name = referenceOf(schema);
  return name === undefined ? schema : { ...schemas[name], ...schema };
}
