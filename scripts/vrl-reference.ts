/** `npm run vrl:reference`: writes docs/vrl/functions.md from the functions' definitions and their files' examples. */
import { writeFileSync } from "node:fs";
import {
  compile,
  display,
  type Example,
  type FunctionDefinition,
  kindText,
  type Parameter,
  parseJson,
  signatureOf,
  standardLibrary,
  type Value,
  Failure,
} from "@plinth/vrl";
import { testHost } from "@plinth/vrl/testing";

export const REFERENCE_PATH: string = new URL("../docs/vrl/functions.md", import.meta.url).pathname;

const FUNCTION_FILES = new URL("../language/vrl/stdlib/", import.meta.url);
/** Results that are longer are shown on several lines. */
const LINE_LENGTH_MAX = 100;

const introduction = `Each function of VRL as [\`@plinth/vrl\`](../../language/vrl) has it, by what it works on.

- \`name?\` is an argument that may be left out, \`= 1\` what is taken then. Arguments are given in order or by name:
  \`round(.share, precision: 2)\`.
- A function that **fails when** something is so must be told what happens then: \`f!(x)\` ends the program with the
  error, \`f(x) ?? y\` takes another value, \`y, err = f(x)\` keeps the error. An argument that may be of another type than
  the function takes makes any call fail in this way.
- Below an example stands what it yields, as VRL writes values: \`t'…'\` is a timestamp, \`r'…'\` a regular expression.

They can be tried in the [playground](../../app/playground): \`npm run playground:build\`.`;

/** The whole document. */
export async function referenceMarkdown(): Promise<string> {
  const byCategory = Map.groupBy(standardLibrary, ({ category }) => category);
  const categories = [...byCategory].sort(([left], [right]) => compare(left, right));
  const sections: string[] = [];
  const contents: string[] = [];
  const anchors = new Anchors();
  anchors.of("VRL's functions");
  for (const [category, definitions] of categories) {
    const links: string[] = [];
    const title = `[${category}](#${anchors.of(category)})`;
    sections.push(`## ${category}`);
    for (const definition of definitions.toSorted((left, right) => compare(left.name, right.name))) {
      links.push(`[\`${definition.name}\`](#${anchors.of(definition.name)})`);
      sections.push(await functionSection(definition));
    }
    contents.push(`| ${title} | ${links.join(" ")} |`);
  }
  return `${[
    "# VRL's functions",
    "<!-- Written by `npm run vrl:reference`; a test says when it is not current. -->",
    introduction,
    ["| | |", "| --- | --- |", ...contents].join("\n"),
    ...sections,
  ].join("\n\n")}\n`;
}

/** Addresses of headings, as they are given to them: what is there already gets a number. */
class Anchors {
  readonly #uses = new Map<string, number>();

  of(heading: string): string {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-");
    const uses = this.#uses.get(slug) ?? 0;
    this.#uses.set(slug, uses + 1);
    return uses === 0 ? slug : `${slug}-${uses}`;
  }
}

async function functionSection(definition: FunctionDefinition): Promise<string> {
  const { name, usage, parameters, failures = [], returnRules = [], notices = [] } = definition;
  const file = `${name.replaceAll("_", "-")}.ts`;
  const { examples } = (await import(new URL(file, FUNCTION_FILES).href)) as { examples: readonly Example[] };
  return [
    `### ${name}`,
    fenced(signatureOf(definition), ""),
    usage,
    ...parameterTable(parameters),
    ...parameters.flatMap(variantList),
    ...sentences("**Returns**", [`${article(kindText(definition.returns))}.`, ...returnRules]),
    ...failureList(failures),
    ...notices.map((notice) => `> ${notice.replaceAll("\n", "\n> ")}`),
    ...examples.map(exampleText),
  ].join("\n\n");
}

function parameterTable(parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, kind, isPath, isOptional, default: value, description }) => {
    const type = isPath === true ? "path" : kindText(kind);
    const otherwise =
      value === undefined ? (isOptional === true ? "optional" : "") : codeSpan(display(value));
    return `| \`${name}\` | ${type} | ${cell(otherwise)} | ${cell(description)} |`;
  });
  return [["| argument | takes | default | |", "| --- | --- | --- | --- |", ...rows].join("\n")];
}

function variantList({ name, variants }: Parameter): string[] {
  if (variants === undefined) return [];
  const rows = Object.entries(variants).map(([variant, meaning]) => `- \`"${variant}"\`: ${meaning}`);
  return [`\`${name}\` is one of:\n\n${rows.join("\n")}`];
}

function sentences(title: string, all: readonly string[]): string[] {
  return [`${title} ${all.join(" ")}`];
}

function failureList(failures: readonly string[]): string[] {
  if (failures.length === 0) return [];
  if (failures.length === 1) return [`**Fails when** ${uncapital(failures[0]!)}`];
  return [`**Fails when**\n\n${failures.map((failure) => `- ${uncapital(failure)}`).join("\n")}`];
}

/** The program, with its event before it and what it yields after it as comments. */
function exampleText(example: Example): string {
  const { title, source, input } = example;
  const event = input === undefined ? [] : [asComment(`with the event ${input}`)];
  const lines = [...event, source.trim(), asComment(resultOf(example))];
  return [`*${title}*`, fenced(lines.join("\n"), "coffee")].join("\n\n");
}

function resultOf({ source, input = "{}", result = "", error, varies, isCompiledOnly }: Example): string {
  if (error !== undefined) return `ends in the error: ${error}`;
  if (isCompiledOnly === true) return result === "" ? "needs the network" : `yields, for instance, ${result}`;
  if (varies === true) return `yields, for instance, ${result}`;
  const value = valueOf(source, input);
  return `yields ${value === undefined ? result : onLines(value)}`;
}

const asComment = (text: string): string => `# ${text.replaceAll("\n", "\n# ")}`;

/** What the program yields; undefined: it does not compile or fails. */
function valueOf(source: string, input: string): Value | undefined {
  const { program } = compile(source, { functions: standardLibrary, host: testHost() });
  const event = parseJson(input);
  if (program === undefined || event instanceof Failure) return undefined;
  const outcome = program.run({ event, metadata: {} });
  return "value" in outcome ? outcome.value : undefined;
}

/** As VRL writes it, with a line for each element and field. */
function onLines(value: Value, indent = ""): string {
  const line = display(value);
  if (indent.length + line.length <= LINE_LENGTH_MAX || typeof value !== "object" || value === null)
    return line;
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((each) => inner + onLines(each, inner)).join(",\n")}\n${indent}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return line;
  const fields = Object.entries(value).sort(([left], [right]) => compare(left, right));
  return `{\n${fields
    .map(([key, each]) => `${inner}${display(key)}: ${onLines(each as Value, inner)}`)
    .join(",\n")}\n${indent}}`;
}

/** With as many backticks around it as it takes. */
function codeSpan(text: string): string {
  const runs = new Set(text.match(/`+/g));
  let fence = "`";
  while (runs.has(fence)) fence += "`";
  const space = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${space}${text.replaceAll(/\s*\n\s*/g, " ")}${space}${fence}`;
}

function fenced(text: string, language: string): string {
  let fence = "```";
  while (text.includes(fence)) fence += "`";
  return `${fence}${language}\n${text}\n${fence}`;
}

/** On one line: what is a list stays one by breaks. */
function cell(text: string): string {
  return text
    .trim()
    .replaceAll("|", "\\|")
    .replaceAll(/\n+(?=- )/g, "<br>")
    .replaceAll(/\n+/g, " ");
}

const uncapital = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function article(kind: string): string {
  if (kind === "any") return "a value of any type";
  if (kind === "never") return "nothing";
  if (kind === "null") return "null";
  return /^[aio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

if (import.meta.main) {
  writeFileSync(REFERENCE_PATH, await referenceMarkdown());
}
