/** Functions as documentation and prompts write them. */
import { Kind, Part } from "../../checker/kind.ts";
import { display } from "../../runtime/display.ts";
import type { ClosureVariable, FunctionDefinition, Parameter } from "../define.ts";

/** What closures' variables are called, by what they are given. */
const variableNames: Readonly<Record<ClosureVariable["of"], string>> = {
  key: "key",
  value: "value",
  kind: "match",
  target: "value",
};

/** What is longer gets a line for each parameter. */
const LINE_LENGTH_MAX = 90;

/** `round(value: integer | float, precision?: integer = 0): integer | float`. */
export function signatureOf({ name, parameters, returns, closure }: FunctionDefinition): string {
  const block =
    closure === undefined
      ? ""
      : ` -> |${closure.variables.map(({ of }) => variableNames[of]).join(", ")}| { … }`;
  const texts = parameters.map(parameterText);
  const end = `)${block}: ${union(returns)}`;
  const line = `${name}(${texts.join(", ")}${end}`;
  return line.length <= LINE_LENGTH_MAX ? line : `${name}(\n  ${texts.join(",\n  ")}\n${end}`;
}

/** Of bits of `Part`: `string or integer`. */
export function kindText(parts: number): string {
  const present = parts & ~Part.undefined;
  if (present === 0) return "never";
  return Kind.ofParts(present === (Part.all & ~Part.undefined) ? Part.all : present).toString();
}

function union(parts: number): string {
  return kindText(parts)
    .split(/, | or /)
    .join(" | ");
}

function parameterText({ name, kind, isPath, isOptional, default: value }: Parameter): string {
  const type = isPath === true ? "path" : union(kind);
  const mark = isOptional === true ? "?" : "";
  return `${name}${mark}: ${type}${value === undefined ? "" : ` = ${display(value)}`}`;
}
