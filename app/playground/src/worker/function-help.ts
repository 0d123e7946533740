/** What is told of a function, from its definition. */
import { type FunctionDefinition, signatureOf } from "@plinth/vrl";
import type { FunctionHelp } from "./messages.ts";

export function helpOf(definition: FunctionDefinition): FunctionHelp {
  const { name, category, usage, parameters, notices = [] } = definition;
  return {
    name,
    category,
    signature: signatureOf(definition),
    usage,
    parameters: parameters.map((parameter) => ({ name: parameter.name, description: parameter.description })),
    notices,
  };
}
