/** Names in one case or another: cut into words where the case changes, and put together again. */
import { Part, Kind } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";
import { lossyText, type Text } from "../../runtime/text.ts";
import { variantOf } from "../arguments/variant.ts";
import type { FunctionDefinition, Parameter } from "../define.ts";

export type Case = "camelCase" | "PascalCase" | "SCREAMING_SNAKE" | "snake_case" | "kebab-case";

export const cases: readonly Case[] = [
  "camelCase",
  "PascalCase",
  "SCREAMING_SNAKE",
  "snake_case",
  "kebab-case",
];

export const originalCase: Parameter = {
  name: "original_case",
  kind: Part.bytes,
  isOptional: true,
  description:
    "The case that `value` is in. Where it is not given, words end wherever one of these cases ends them.",
  variants: {
    "kebab-case": "Words end at hyphens.",
    camelCase: "Words end where upper case or digits begin or end.",
    PascalCase: "As for `camelCase`.",
    SCREAMING_SNAKE: "Words end at underscores.",
    snake_case: "As for `SCREAMING_SNAKE`.",
  },
};

/** Where a word may end. */
export type Boundary =
  | "space"
  | "hyphen"
  | "underscore"
  | "lower_upper"
  | "upper_lower"
  | "acronym"
  | "lower_digit"
  | "upper_digit"
  | "digit_lower"
  | "digit_upper";

const humps: readonly Boundary[] = [
  "lower_upper",
  "acronym",
  "lower_digit",
  "upper_digit",
  "digit_lower",
  "digit_upper",
];

const boundariesOf: Readonly<Record<Case, readonly Boundary[]>> = {
  camelCase: humps,
  PascalCase: humps,
  SCREAMING_SNAKE: ["underscore"],
  snake_case: ["underscore"],
  "kebab-case": ["hyphen"],
};

export function boundariesFor(
  original: Case | undefined,
  excluded: ReadonlySet<string> = new Set(),
): ReadonlySet<Boundary> {
  const boundaries =
    original === undefined ? (["space", "hyphen", "underscore", ...humps] as const) : boundariesOf[original];
  return new Set(boundaries.filter((boundary) => !excluded.has(boundary)));
}

export function convertCase(text: string, boundaries: ReadonlySet<Boundary>, to: Case): string {
  const words = wordsOf(text, boundaries);
  switch (to) {
    case "snake_case":
      return words.join("_").toLowerCase();
    case "kebab-case":
      return words.join("-").toLowerCase();
    case "SCREAMING_SNAKE":
      return words.map((word) => word.toUpperCase()).join("_");
    case "PascalCase":
      return words.map(capitalized).join("");
    case "camelCase":
      return words.map((word, index) => (index === 0 ? word.toLowerCase() : capitalized(word))).join("");
  }
}

function capitalized(word: string): string {
  // Below U+0300 nothing joins the character before it.
  const isPlain = word.charCodeAt(0) < 0xd8_00 && !(word.charCodeAt(1) >= 0x03_00);
  const [first = ""] = isPlain ? word : charactersOf(word);
  return first.toUpperCase() + word.slice(first.length).toLowerCase();
}

/** Words that are empty are none. */
function wordsOf(text: string, boundaries: ReadonlySet<Boundary>): string[] {
  const characters = charactersOf(text);
  const kinds = characters.map(kindOf);
  const words: string[] = [];
  let word = "";
  characters.forEach((character, index) => {
    const separator = separators.get(character);
    if (separator !== undefined && boundaries.has(separator)) {
      words.push(word);
      word = "";
      return;
    }
    word += character;
    if (!endsWord(kinds, index, boundaries)) return;
    words.push(word);
    word = "";
  });
  words.push(word);
  return words.filter((each) => each !== "");
}

const separators: ReadonlyMap<string, Boundary> = new Map([
  [" ", "space"],
  ["-", "hyphen"],
  ["_", "underscore"],
]);

type CharacterKind = "upper" | "lower" | "digit" | "other";

/** Whether a word ends after the character at `index`. */
function endsWord(
  kinds: readonly CharacterKind[],
  index: number,
  boundaries: ReadonlySet<Boundary>,
): boolean {
  const kind = kinds[index]!;
  const next = kinds[index + 1];
  if (next === undefined || kind === "other" || next === "other") return false;
  if (kind !== next) return boundaries.has(`${kind}_${next}` as Boundary);
  // The last capital of several belongs to the word that it begins.
  return kind === "upper" && kinds[index + 2] === "lower" && boundaries.has("acronym");
}

function kindOf(character: string): CharacterKind {
  const unit = character.charCodeAt(0);
  if (character.length === 1 && unit < 0x80) {
    if (unit >= 0x61 && unit <= 0x7a) return "lower";
    if (unit >= 0x41 && unit <= 0x5a) return "upper";
    return unit >= 0x30 && unit <= 0x39 ? "digit" : "other";
  }
  if (/^[0-9]+$/.test(character)) return "digit";
  const [upper, lower] = [character.toUpperCase(), character.toLowerCase()];
  if (upper === lower) return "other";
  if (character === upper) return "upper";
  return character === lower ? "lower" : "other";
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

// oxlint-disable-next-line no-control-regex -- ASCII without the line breaks, of which two may be one character
const PLAIN = /^[\u0000-\u0009\u000b\u000c\u000e-\u007f]*$/;

/** Characters as readers see them. */
export function charactersOf(text: string): string[] {
  if (PLAIN.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** A function that converts to `to` and has no other arguments than the original case. */
export function caseFunction(name: string, to: Case, looks: string): FunctionDefinition {
  return {
    name,
    category: "String",
    usage: `Writes the words of a name like this: \`${looks}\`.`,
    parameters: [{ name: "value", kind: Part.bytes, description: "The name to convert." }, originalCase],
    returns: Part.bytes,
    typeOf: () => TypeDef.of(Kind.bytes),
    prepare: (call) => {
      const original = variantOf(call, "original_case", cases);
      if (typeof original === "object") return original;
      const boundaries = boundariesFor(original);
      return (value: Text) => convertCase(lossyText(value), boundaries, to);
    },
  };
}
