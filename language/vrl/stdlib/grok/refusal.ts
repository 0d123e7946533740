import type { CallRefusal } from "../define.ts";

/** Of a pattern that cannot be compiled; `name`: the argument's. */
export function invalidPattern(name: string, problem: string): CallRefusal {
  return {
    refused: "program",
    name,
    code: 112,
    message: problem,
    labels: [`grok pattern error: ${problem}`],
  };
}
