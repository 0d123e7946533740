/** Reads YAML: its structure by a library, its scalars by the rules of VRL's reader, which are those of YAML 1.2's core schema. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document } from "yaml";
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { INTEGER_MAX, INTEGER_MIN, wrap } from "../../runtime/integer.ts";
import { setKey } from "../../runtime/object.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { floatOfText } from "../number/float-text.ts";

/** Deeper documents are refused, as VRL's reader does. */
const DEPTH_MAX = 128;
/** Aliases can make a few bytes gigabytes: what they stand for is not more than so many nodes in all. */
const ALIASED_NODES_MAX = 100_000;
/** The library takes far longer for a byte of this than for one of JSON. */
const LENGTH_MAX = 16 * 1024 * 1024;

export function parseYamlText(text: string): Value | Failure {
  if (text.length > LENGTH_MAX) return new Failure("document is longer than 16 MiB");
  const control = /[^\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (control !== null) return new Failure(`control characters are not allowed at position ${control.index}`);
  const lines = new LineCounter();
  let documents: readonly Document[];
  try {
    const parsed = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      keepSourceTokens: false,
      prettyErrors: false,
      logLevel: "silent",
      lineCounter: lines,
    });
    documents = Array.isArray(parsed) ? parsed : [];
  } catch {
    // The library's own stack is used up.
    return new Failure("recursion limit exceeded");
  }
  if (documents.length > 1)
    return new Failure("deserializing from YAML containing more than one document is not supported");
  const document = documents[0];
  if (document === undefined) return null;
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { code, message, pos } = problem;
    // VRL's reader names the colon.
    const at = code === "BLOCK_AS_IMPLICIT_KEY" ? Math.max(pos[0], text.indexOf(":", pos[0])) : pos[0];
    return new Failure(problemText(code, message, at, lines));
  }
  return new YamlReader(document, lines).value();
}

/** What VRL's reader calls the same, where it is the same. */
const problems: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  BAD_SCALAR_START: "found character that cannot start any token",
  TAB_AS_INDENT: "found character that cannot start any token",
  BAD_ALIAS: "unknown anchor",
};

function problemText(code: string, message: string, at: number, lines: LineCounter): string {
  const text = problems[code] ?? message.split("\n")[0]!;
  const rest = text.startsWith("found character") ? ", while scanning for the next token" : "";
  return text + placeText(at, lines) + rest;
}

/** The beginning is not told. */
function placeText(at: number, lines: LineCounter): string {
  if (at === 0) return "";
  const { line, col } = lines.linePos(at);
  return ` at line ${line} column ${col}`;
}

class YamlReader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  #failure: Failure | undefined = undefined;
  #aliased = 0;
  readonly #path: (string | number)[] = [];

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  value(): Value | Failure {
    const value = this.#valueOf(this.#document.contents, false);
    return this.#failure ?? value;
  }

  #valueOf(node: unknown, isAliased: boolean): Value {
    if (isAliased && ++this.#aliased > ALIASED_NODES_MAX) return this.#refuse("repetition limit exceeded", 0);
    if (this.#path.length >= DEPTH_MAX) return this.#refuse("recursion limit exceeded", 0);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) return this.#refuse("unknown anchor", startOf(node));
      return this.#valueOf(target, true);
    }
    if (isScalar(node))
      return this.#scalar(node.source ?? "", node.type === "PLAIN", node.tag, startOf(node));
    if (isSeq(node)) {
      if (this.#isOwnTag(node.tag)) return this.#refuse(ENUM, 0);
      return this.#array(node.items, isAliased);
    }
    if (isMap(node)) {
      if (this.#isOwnTag(node.tag)) return this.#refuse(ENUM, 0);
      return this.#object(node.items, isAliased);
    }
    return null;
  }

  #array(items: readonly unknown[], isAliased: boolean): Value[] {
    const array: Value[] = [];
    for (const [index, item] of items.entries()) {
      this.#path.push(index);
      array.push(this.#valueOf(item, isAliased));
      this.#path.pop();
      if (this.#failure !== undefined) break;
    }
    return array;
  }

  #object(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    isAliased: boolean,
  ): VrlObject {
    const object: VrlObject = {};
    for (const item of items) {
      const key = this.#key(item.key);
      if (this.#failure !== undefined) break;
      this.#path.push(key);
      const value = this.#valueOf(item.value, isAliased);
      this.#path.pop();
      if (this.#failure !== undefined) break;
      setKey(object, key, value);
    }
    return object;
  }

  #key(node: unknown): string {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    if (isScalar(target)) return target.source ?? "";
    if (target === null || target === undefined) return "";
    this.#refuse(`invalid type: ${isSeq(target) ? "sequence" : "map"}, expected a string`, startOf(target));
    return "";
  }

  #scalar(text: string, isPlain: boolean, tag: string | undefined, at: number): Value {
    if (this.#isOwnTag(tag)) return this.#refuse(ENUM, 0);
    const known = tag?.replace(STANDARD_TAG, "");
    if (known === "str" || known === "binary" || (known === undefined && !isPlain) || tag === "!")
      return text;
    if (isPlain || known === "null") {
      if (/^(?:null|Null|NULL|~|)$/.test(text)) return null;
    }
    if (/^(?:true|True|TRUE)$/.test(text)) return true;
    if (/^(?:false|False|FALSE)$/.test(text)) return false;
    return this.#integer(text, at) ?? this.#float(text, at) ?? text;
  }

  #integer(text: string, at: number): Value | undefined {
    const match = /^([+-]?)(?:0x([0-9A-Fa-f]+)|0o([0-7]+)|0b([01]+)|(0|[1-9][0-9]*))$/.exec(text);
    if (match === null) return undefined;
    const [, sign, hexadecimal, octal, binary, decimal] = match;
    const digits =
      hexadecimal === undefined
        ? octal === undefined
          ? binary === undefined
            ? decimal!
            : `0b${binary}`
          : `0o${octal}`
        : `0x${hexadecimal}`;
    // No integer of 128 bits has so many digits.
    if (digits.length > 140) return undefined;
    const integer = sign === "-" ? -BigInt(digits) : BigInt(digits);
    if (integer >= INTEGER_MIN && integer <= INTEGER_MAX) return wrap(integer);
    if (integer > 0n && integer < 2n ** 64n) return floatOf(Number(integer));
    if (integer >= 2n ** 128n || integer < -(2n ** 127n)) return undefined;
    return this.#refuse(
      `invalid type: integer \`${integer}\` as ${integer > 0n ? "u128" : "i128"}, expected any valid JSON value`,
      at,
    );
  }

  #float(text: string, at: number): Value | undefined {
    if (/^[+]?\.(?:inf|Inf|INF)$/.test(text)) return Infinity;
    if (/^-\.(?:inf|Inf|INF)$/.test(text)) return -Infinity;
    if (/^\.(?:nan|NaN|NAN)$/.test(text))
      return this.#refuse("invalid value: floating point `NaN`, expected any valid JSON value", at);
    // Zeros before other digits make a string.
    if (/^[+-]?0[0-9]+$/.test(text)) return undefined;
    const number = floatOfText(text);
    return number === undefined || !Number.isFinite(number) ? undefined : floatOf(number);
  }

  #isOwnTag(tag: string | undefined): boolean {
    return tag !== undefined && tag !== "!" && !STANDARD_TAG.test(tag);
  }

  #refuse(reason: string, at: number): null {
    if (this.#failure !== undefined) return null;
    let path = "";
    for (const segment of this.#path)
      path += typeof segment === "number" ? `[${segment}]` : path === "" ? segment : `.${segment}`;
    this.#failure = new Failure((path === "" ? "" : `${path}: `) + reason + placeText(at, this.#lines));
    return null;
  }
}

const STANDARD_TAG = /^tag:yaml\.org,2002:/;
const ENUM = "invalid type: enum, expected any valid JSON value";

function startOf(node: { readonly range?: readonly number[] | null | undefined }): number {
  return node.range?.[0] ?? 0;
}
