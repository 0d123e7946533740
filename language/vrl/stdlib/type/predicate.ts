import { Kind, Part } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";
import type { Value } from "../../runtime/value.ts";
import type { FunctionDefinition } from "../define.ts";

/** A function that tells whether its argument is of a kind: `what`, as in "an array". */
export function predicate(
  name: string,
  what: string,
  isOfKind: (value: Value) => boolean,
): FunctionDefinition {
  return {
    name,
    category: "Type",
    usage: `Whether \`value\` is ${what}.`,
    parameters: [{ name: "value", kind: Part.all, description: "The value to look at." }],
    returns: Part.boolean,
    typeOf: () => TypeDef.of(Kind.boolean),
    prepare: () => isOfKind,
  };
}
