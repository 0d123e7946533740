import { describe, type Described, type DescribedKey } from "@plinth/resource";
import { stringify } from "yaml";

/** docs/reference/config.md, from the schema of a config. */
export function configReferenceMarkdown(): string {
  const all = describe("Config");
  const objects = all.filter(({ keys }) => keys.length > 0);
  const values = all.filter(({ keys, name }) => keys.length === 0 && isNamed(name, objects));
  const lines = [
    "# The config file",
    "",
    "<!-- Written by `plinth validate --markdown`; a test says when it is not current. -->",
    "",
    "What can stand in `plinth.config.ts`, `plinth.config.yaml` or `plinth.config.json`. `plinth validate` checks a file and tells all that is wrong with it at once; `plinth validate --schema` prints this page's content as JSON Schema, for editors. Keys that stand in bold must be there. `<name>` is a name of your own.",
    "",
    "What is running is read and changed by an API with Kubernetes' conventions; it describes itself as OpenAPI at `/openapi/v3`, on the dashboard's port, to whoever is signed in there.",
  ];
  for (const definition of objects) lines.push(...objectSection(definition, all));
  lines.push("", "## Values");
  for (const { name, description, example } of values)
    lines.push("", `### ${name}`, "", `${sentence(description)} Such as ${code(example)}.`);
  return `${lines.join("\n")}\n`;
}

const anchor = (name: string): string => name.toLowerCase();

/** Lists and maps that have a name in the schema only are told where they stand. */
function isNamed(name: Described["name"], objects: readonly Described[]): boolean {
  return objects.some(({ keys }) => keys.some(({ of }) => of === name));
}

function objectSection({ name, description, places, keys }: Described, all: readonly Described[]): string[] {
  const where = places.filter((place) => place !== "").map((place) => `\`${place}\``);
  return [
    "",
    `## ${name}`,
    "",
    [...(where.length === 0 ? [] : [`At ${where.join(", ")}.`]), description].join(" "),
    "",
    "| key | what may stand there | default | meaning |",
    "| --- | --- | --- | --- |",
    ...keys.map((key) => row(key, all)),
  ];
}

function row(
  { key, type, of, required, description, byDefault, example }: DescribedKey,
  all: readonly Described[],
): string {
  const linked = all.some(({ name }) => name === of) ? type.replace(of!, `[${of}](#${anchor(of!)})`) : type;
  return `| ${required ? `**\`${key}\`**` : `\`${key}\``} | ${cell(linked)} | ${cell(byDefault ?? "")} | ${sentence(description)} Such as ${code({ [key]: example })}. |`;
}

/** YAML on one line, without the braces around keys. */
function code(value: unknown): string {
  const text = stringify(value, { collectionStyle: "flow", lineWidth: 0 })
    .trim()
    .replaceAll("[ ", "[")
    .replaceAll(" ]", "]");
  const isKeys = typeof value === "object" && !Array.isArray(value);
  return `\`${cell(isKeys ? text.slice("{ ".length, -" }".length) : text)}\``;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** A sentence, in which "<" begins no element. */
const sentence = (text: string): string => cell(text).replaceAll("<", "\\<");
