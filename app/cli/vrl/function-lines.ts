/** A function's documentation in a terminal. */
import { type FunctionDefinition, Kind } from "@plinth/vrl";

export function functionLines({
  name,
  usage,
  parameters,
  returns,
  failures = [],
}: FunctionDefinition): string[] {
  const call = parameters.map((each) => (each.isOptional === true ? `[${each.name}]` : each.name)).join(", ");
  return [
    `${name}(${call}) -> ${Kind.ofParts(returns).toString()}`,
    "",
    usage,
    ...(parameters.length === 0 ? [] : [""]),
    ...parameters.map((each) => `  ${each.name}: ${Kind.ofParts(each.kind).toString()}. ${each.description}`),
    ...(failures.length === 0 ? [] : ["", "Fails:", ...failures.map((each) => `  ${each}`)]),
    "",
  ];
}

/** Words one after another, in lines as wide as there is room. */
export function wordsInLines(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
