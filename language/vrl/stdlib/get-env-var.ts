import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const getEnvVar: FunctionDefinition = {
  name: "get_env_var",
  category: "System",
  usage: "Yields the environment variable `name` of the program's host.",
  parameters: [{ name: "name", kind: Part.bytes, description: "The variable's name." }],
  failures: ["There is no such variable, or the host tells none."],
  returns: Part.bytes,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: ({ host }) => {
    const variableOf = host.environmentVariable?.bind(host);
    return (name: Text) => variableOf?.(lossyText(name)) ?? new Failure("environment variable not found");
  },
};

export const examples: readonly Example[] = [
  {
    title: "Where programs are found",
    source: 'get_env_var!("PATH")',
    result: "/usr/local/bin:/usr/bin:/bin",
    varies: true,
  },
];

export const tests: readonly Example[] = [
  {
    title: "One there is not",
    source: 'get_env_var!("PLINTH_SETS_NO_SUCH_VARIABLE")',
    error: 'function call error for "get_env_var" at (0:44): environment variable not found',
  },
  {
    title: "No name",
    source: 'get_env_var!("")',
    error: 'function call error for "get_env_var" at (0:16): environment variable not found',
  },
  {
    title: "What cannot be a name",
    source: 'get_env_var!("A=B")',
    error: 'function call error for "get_env_var" at (0:19): environment variable not found',
  },
  {
    title: "Another instead",
    source: 'get_env_var("PLINTH_SETS_NO_SUCH_VARIABLE") ?? "none"',
    result: "none",
  },
];
