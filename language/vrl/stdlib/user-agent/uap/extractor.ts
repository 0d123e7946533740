/** Tells browser, system and device by ua-parser's rules, as its specification says. */
import { RuleExpression } from "./expression.ts";
import { parseRules, type Rule, type Rules } from "./rules.ts";

/** What is undefined is not known. */
export interface Extracted {
  readonly family: string;
  readonly parts: readonly (string | undefined)[];
}

type Groups = readonly (string | undefined)[];
type Part = (groups: Groups) => string | undefined;

interface Parser {
  readonly expression: RuleExpression;
  readonly family: Part;
  readonly parts: readonly Part[];
}

export class Extractor {
  readonly #browsers: readonly Parser[];
  readonly #systems: readonly Parser[];
  readonly #devices: readonly Parser[];

  constructor({ browsers, systems, devices }: Rules) {
    this.#browsers = browsers.map(browserParser);
    this.#systems = systems.map(systemParser);
    this.#devices = devices.map(deviceParser);
  }

  /** `parts`: major, minor and patch version. */
  browser(text: string): Extracted | undefined {
    return extract(text, this.#browsers);
  }

  /** `parts`: major, minor, patch and patch's minor version. */
  system(text: string): Extracted | undefined {
    return extract(text, this.#systems);
  }

  /** `parts`: brand and model. */
  device(text: string): Extracted | undefined {
    return extract(text, this.#devices);
  }
}

/** Of the text that was last read; programs are compiled more often than rules change. */
let last: { readonly text: string; readonly extractor: Extractor } | undefined;

/** Throws where the text is no file of rules. */
export function extractorOf(text: string): Extractor {
  if (last?.text !== text) last = { text, extractor: new Extractor(parseRules(text)) };
  return last.extractor;
}

function extract(text: string, parsers: readonly Parser[]): Extracted | undefined {
  const lower = text.toLowerCase();
  for (const { expression, family, parts } of parsers) {
    const groups = expression.groups(text, lower);
    if (groups !== undefined)
      return { family: family(groups) ?? "", parts: parts.map((part) => part(groups)) };
  }
  return undefined;
}

function browserParser({ regex, ignoresCase, replacements }: Rule): Parser {
  const family = replacements.get("family");
  return {
    expression: new RuleExpression(regex, ignoresCase),
    // In a browser's name only the first group can be named, and its versions are as the rule tells them.
    family:
      family === undefined ? group(1) : (groups) => family.replaceAll("$1", () => group(1)(groups) ?? ""),
    parts: ["v1", "v2", "v3"].map((name, index) => {
      const version = replacements.get(name);
      return version === undefined ? group(index + 2) : () => version;
    }),
  };
}

function systemParser({ regex, ignoresCase, replacements }: Rule): Parser {
  return {
    expression: new RuleExpression(regex, ignoresCase),
    family: template(replacements.get("os"), 1),
    parts: [1, 2, 3, 4].map((number) => template(replacements.get(`os_v${number}`), number + 1)),
  };
}

function deviceParser({ regex, ignoresCase, replacements }: Rule): Parser {
  return {
    expression: new RuleExpression(regex, ignoresCase),
    family: template(replacements.get("device"), 1),
    parts: [template(replacements.get("brand"), undefined), template(replacements.get("model"), 1)],
  };
}

/** An empty group is none. */
function group(number: number): Part {
  return (groups) => groups[number] || undefined;
}

/** The replacement with the groups it names, or the group where there is none. */
function template(replacement: string | undefined, ifNot: number | undefined): Part {
  if (replacement === undefined || replacement.trim() === "")
    return ifNot === undefined ? () => undefined : group(ifNot);
  if (!/\$[0-9]/.test(replacement)) return () => replacement;
  return (groups) => {
    const text = replacement.replace(/\$(\$|[0-9A-Za-z_]+|\{[^}]*\})/g, (_, name: string) => {
      if (name === "$") return "$";
      const number = name.startsWith("{") ? name.slice(1, -1) : name;
      return /^[0-9]+$/.test(number) ? (groups[Number(number)] ?? "") : "";
    });
    return text.trim() || undefined;
  };
}
