import { Part, type Kind } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";
import type { Value } from "../../runtime/value.ts";
import type { FunctionDefinition } from "../define.ts";
import { mismatch } from "./mismatch.ts";

interface Guard {
  readonly name: string;
  /** As messages and sentences call what is let through. */
  readonly kindName: string;
  readonly article: "a" | "an";
  /** Bit of `Part`. */
  readonly part: number;
  /** What is known of a result; gets the kind of the argument. */
  readonly kindOf: (argument: Kind) => Kind;
  readonly isOfKind: (value: Value) => boolean;
}

/** A function that fails for values of other kinds, so that what it yields is known to be of that one. */
export function guard({ name, kindName, article, part, kindOf, isOfKind }: Guard): FunctionDefinition {
  return {
    name,
    category: "Type",
    usage:
      `Gives \`value\` back where it is ${article} ${kindName}, and fails where it is not. After it the compiler knows ` +
      `that it is ${article} ${kindName}, and takes it where one is wanted.`,
    parameters: [{ name: "value", kind: Part.all, description: `What should be ${article} ${kindName}.` }],
    failures: [`\`value\` is not ${article} ${kindName}.`],
    returns: part,
    typeOf: (call) => {
      const { kind } = call.type("value");
      return TypeDef.of(kindOf(kind)).maybeFallible(!kind.isOnly(part));
    },
    prepare: () => (value: Value) => (isOfKind(value) ? value : mismatch(kindName, value)),
  };
}
