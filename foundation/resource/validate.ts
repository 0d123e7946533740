import { Compile, type Validator } from "typebox/schema";
import { definitions } from "./definitions.ts";
import { explain, PROBLEMS_MAX } from "./explain.ts";
import type { Problem } from "./problem.ts";
import { semanticProblems } from "./rules.ts";
import { type DefinitionName, schemas } from "./schema.ts";

const validators: Map<DefinitionName, Validator> = new Map();

/** Compiled at first use: a process pays for the kinds it meets. */
function validator(definition: DefinitionName): Validator {
  let compiled = validators.get(definition);
  if (compiled === undefined) {
    compiled = Compile({ $defs: definitions, $ref: `#/$defs/${definition}` });
    validators.set(definition, compiled);
  }
  return compiled;
}

/** Everything that is wrong with a value, by the schema and beyond it; empty when it is right. */
export function validate(definition: DefinitionName, value: unknown): Problem[] {
  const problems = validator(definition).Check(value) ? [] : explain(schemas[definition], value);
  problems.push(...semanticProblems(definition, value));
  return problems.slice(0, PROBLEMS_MAX);
}
