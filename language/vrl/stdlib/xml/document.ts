/**
 * Reads XML 1.0 with namespaces, without document types (which can make a few bytes gigabytes), into a tree; tells what is
 * wrong as VRL does.
 */

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlNode[];
}

/** A string is text; null is a comment or an instruction. */
export type XmlNode = XmlElement | string | null;

/** Deeper documents are refused: whoever walks a tree walks its depth. */
const DEPTH_MAX = 1000;

const XML_URI = "http://www.w3.org/XML/1998/namespace";
const XMLNS_URI = "http://www.w3.org/2000/xmlns/";

const NAME_START = String.raw`A-Z_a-z\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{2ff}\u{370}-\u{37d}\u{37f}-\u{1fff}\u{200c}-\u{200d}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}`;
const NAME = String.raw`[${NAME_START}][${NAME_START}\-.0-9\u{b7}\u{300}-\u{36f}\u{203f}-\u{2040}]*`;
const qualifiedName = new RegExp(`(?:(${NAME}):)?(${NAME})`, "uy");
const entityName = new RegExp(`&(${NAME});`, "uy");
const characterReference = /&#(?:x([0-9A-Fa-f]+)|([0-9]+));/y;
const spaces = /[ \t\r\n]*/y;

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };

/** The document's children; a string says what is wrong. */
export function parseXmlDocument(text: string): readonly XmlNode[] | string {
  const reader = new XmlReader(text);
  const nodes = reader.document();
  return reader.problem ?? nodes;
}

interface OpenElement {
  readonly name: string;
  readonly qualified: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: XmlNode[];
  readonly prefixes: ReadonlyMap<string, string>;
}

interface RawAttribute {
  readonly at: number;
  readonly prefix: string;
  readonly local: string;
  readonly value: string;
}

class XmlReader {
  problem: string | undefined = undefined;
  readonly #text: string;
  #at = 0;
  readonly #open: OpenElement[] = [];
  readonly #root: XmlNode[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): readonly XmlNode[] {
    if (this.#text.startsWith("\ufeff")) this.#at = 1;
    if (this.#text.startsWith("<?xml ", this.#at)) this.#declaration();
    this.#miscellaneous();
    if (this.problem === undefined && this.#text.startsWith("<!DOCTYPE", this.#at))
      this.#stop("XML with DTD detected");
    if (this.problem === undefined && this.#text[this.#at] === "<") this.#element();
    if (this.problem === undefined && this.#open.length > 0) this.#content();
    this.#miscellaneous();
    if (this.problem !== undefined) return this.#root;
    if (this.#at < this.#text.length) this.#stopAt("unknown token", this.#at);
    else if (!this.#root.some((node) => typeof node === "object" && node !== null))
      this.#stop("the document does not have a root node");
    return this.#root;
  }

  #declaration(): void {
    const end = this.#text.indexOf("?>", this.#at);
    if (end === -1) this.#stop("unexpected end of stream");
    else this.#at = end + 2;
  }

  /** Comments, instructions and space around the root. */
  #miscellaneous(): void {
    while (this.problem === undefined && this.#at < this.#text.length) {
      this.#skipSpaces();
      if (this.#text.startsWith("<!--", this.#at)) this.#comment(this.#root);
      else if (this.#text.startsWith("<?", this.#at)) this.#instruction(this.#root);
      else return;
    }
  }

  /** What is in the elements that are open, to the end of the last of them. */
  #content(): void {
    while (this.problem === undefined && this.#open.length > 0) {
      if (this.#at >= this.#text.length) return this.#stop("the root node was opened but never closed");
      const { children } = this.#open.at(-1)!;
      if (this.#text[this.#at] !== "<") this.#characters(children);
      else if (this.#text.startsWith("</", this.#at)) this.#close();
      else if (this.#text.startsWith("<!--", this.#at)) this.#comment(children);
      else if (this.#text.startsWith("<![CDATA[", this.#at)) this.#section(children);
      else if (this.#text.startsWith("<?", this.#at)) this.#instruction(children);
      else if (this.#text.startsWith("<!", this.#at) || this.#at + 1 === this.#text.length)
        this.#stopAt("unknown token", this.#at);
      else this.#element();
    }
  }

  #comment(children: XmlNode[]): void {
    const start = this.#at;
    const end = this.#text.indexOf("-->", start + 4);
    if (end === -1) return this.#unended("-->");
    const comment = this.#text.slice(start + 4, end);
    if (comment.includes("--") || comment.endsWith("-"))
      return this.#stopAt("comment", start, " contains '--'");
    this.#at = end + 3;
    children.push(null);
  }

  #instruction(children: XmlNode[]): void {
    const start = this.#at;
    if (this.#text.startsWith("<?xml ", start)) return this.#stopAt("unexpected XML declaration", start);
    this.#at += 2;
    if (this.#name() === undefined) return;
    const end = this.#text.indexOf("?>", this.#at);
    if (end === -1) return this.#unended("?>");
    this.#at = end + 2;
    children.push(null);
  }

  #section(children: XmlNode[]): void {
    const end = this.#text.indexOf("]]>", this.#at);
    if (end === -1) return this.#unended("]]>");
    addText(children, unifiedLines(this.#text.slice(this.#at + 9, end)));
    this.#at = end + 3;
  }

  #characters(children: XmlNode[]): void {
    const start = this.#at;
    const next = this.#text.indexOf("<", start);
    const end = next === -1 ? this.#text.length : next;
    const raw = this.#text.slice(start, end);
    if (raw.includes("]]>"))
      return this.#stop(`']]>' at ${this.#place(end)} is not allowed inside a character data`);
    const text = this.#resolved(raw, start, unifiedLines);
    if (text === undefined) return;
    this.#at = end;
    addText(children, text);
  }

  #close(): void {
    const start = this.#at;
    this.#at += 2;
    const name = this.#name();
    if (name === undefined) return;
    this.#skipSpaces();
    if (!this.#take(">")) return;
    const element = this.#open.pop()!;
    const actual = qualifiedText(name);
    if (element.qualified !== actual)
      return this.#stopAt(`expected '${element.qualified}' tag, not '${actual}'`, start);
    this.#append(element);
  }

  #append({ name, attributes, children }: OpenElement): void {
    (this.#open.at(-1)?.children ?? this.#root).push({ name, attributes, children });
  }

  /** Its tag, and all of it if it is empty. */
  #element(): void {
    const start = this.#at;
    this.#at++;
    const name = this.#name();
    if (name === undefined) return;
    if (name[0] === "xmlns")
      return this.#stopAt("the 'xmlns' prefix is used", start + 1, ", but it must not be");
    const raw: RawAttribute[] = [];
    for (;;) {
      const before = this.#at;
      this.#skipSpaces();
      // A tag that never ends makes no element.
      if (this.#at >= this.#text.length) return;
      const character = this.#text[this.#at];
      if (character === "/" || character === ">")
        return this.#finishTag(name, start + 1, raw, character === "/");
      if (before === this.#at) return this.#expected("a whitespace", true);
      const attribute = this.#attribute();
      if (attribute === undefined) return;
      raw.push(attribute);
    }
  }

  #finishTag(
    name: readonly [string, string],
    at: number,
    raw: readonly RawAttribute[],
    isEmpty: boolean,
  ): void {
    this.#at++;
    if (isEmpty && !this.#take(">")) return;
    const prefixes = this.#prefixesWith(raw);
    if (prefixes === undefined) return;
    const attributes = this.#attributes(raw, prefixes);
    if (attributes === undefined) return;
    if (name[0] !== "" && !prefixes.has(name[0]))
      return this.#stopAt(`an unknown namespace prefix '${name[0]}'`, at);
    const element = { name: name[1], qualified: qualifiedText(name), attributes, children: [], prefixes };
    if (isEmpty) this.#append(element);
    else if (this.#open.length >= DEPTH_MAX) this.#stop("nodes limit reached");
    else this.#open.push(element);
  }

  #attribute(): RawAttribute | undefined {
    const at = this.#at;
    const name = this.#name();
    if (name === undefined) return undefined;
    this.#skipSpaces();
    if (!this.#take("=")) return undefined;
    this.#skipSpaces();
    const quote = this.#text[this.#at];
    if (quote === undefined) return this.#stop("unexpected end of stream");
    if (quote !== "'" && quote !== '"') return this.#expected("a quote", true);
    const start = this.#at + 1;
    const end = this.#text.indexOf(quote, start);
    const less = this.#text.indexOf("<", start);
    if (less !== -1 && (end === -1 || less < end)) {
      this.#at = less;
      return this.#expected(quote, false);
    }
    if (end === -1) return this.#stop("unexpected end of stream");
    const value = this.#resolved(this.#text.slice(start, end), start, spacedLines);
    this.#at = end + 1;
    return value === undefined ? undefined : { at, prefix: name[0], local: name[1], value };
  }

  /** Those declared here and further out. */
  #prefixesWith(raw: readonly RawAttribute[]): ReadonlyMap<string, string> | undefined {
    const outer = this.#open.at(-1)?.prefixes ?? new Map([["xml", XML_URI]]);
    const declared = raw.filter(
      ({ prefix, local }) => prefix === "xmlns" || (prefix === "" && local === "xmlns"),
    );
    if (declared.length === 0) return outer;
    const here = new Map<string, string>();
    for (const { at, prefix, local, value } of declared) {
      const isDefault = prefix === "";
      if (value === XMLNS_URI)
        return this.#stopAt("the 'xmlns' URI is used", at, ", but it must not be declared");
      if (!isDefault && local === "xml" && value !== XML_URI)
        return this.#stopAt("'xml' namespace prefix mapped to wrong URI", at);
      if (value === XML_URI && (isDefault || local !== "xml"))
        return this.#stopAt("the 'xml' namespace URI is used for not 'xml' prefix", at);
      if (!isDefault && here.has(local))
        return this.#stop(`namespace '${local}' at ${this.#place(at)} is already defined`);
      if (!isDefault) here.set(local, value);
    }
    return new Map([...outer, ...here]);
  }

  #attributes(
    raw: readonly RawAttribute[],
    prefixes: ReadonlyMap<string, string>,
  ): readonly (readonly [string, string])[] | undefined {
    const attributes: (readonly [string, string])[] = [];
    const seen = new Set<string>();
    for (const { at, prefix, local, value } of raw) {
      if (prefix === "xmlns" || (prefix === "" && local === "xmlns")) continue;
      const uri = prefix === "" ? "" : prefixes.get(prefix);
      if (uri === undefined) return this.#stopAt(`an unknown namespace prefix '${prefix}'`, at);
      const key = `${uri} ${local}`;
      if (seen.has(key)) return this.#stop(`attribute '${local}' at ${this.#place(at)} is already defined`);
      seen.add(key);
      attributes.push([local, value]);
    }
    return attributes;
  }

  /** The text with its references resolved and its lines as `lines` has them. */
  #resolved(raw: string, start: number, lines: (text: string) => string): string | undefined {
    let text = "";
    let from = 0;
    for (let at = raw.indexOf("&"); at !== -1; at = raw.indexOf("&", from)) {
      text += lines(raw.slice(from, at));
      const found = this.#reference(raw, at, start);
      if (found === undefined) return undefined;
      text += found.text;
      from = found.end;
    }
    return text + lines(raw.slice(from));
  }

  #reference(
    raw: string,
    at: number,
    start: number,
  ): { readonly text: string; readonly end: number } | undefined {
    characterReference.lastIndex = at;
    const character = characterReference.exec(raw);
    if (character !== null) {
      const [whole, hexadecimal, decimal] = character;
      const codePoint = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
      if (isXmlCharacter(codePoint)) return { text: String.fromCodePoint(codePoint), end: at + whole.length };
      return this.#stopAt("malformed entity reference", start + at);
    }
    entityName.lastIndex = at;
    const entity = entityName.exec(raw);
    if (entity === null) return this.#stopAt("malformed entity reference", start + at);
    const name = entity[1]!;
    if (!Object.hasOwn(entities, name)) return this.#stopAt(`unknown entity reference '${name}'`, start + at);
    return { text: entities[name]!, end: at + entity[0].length };
  }

  #name(): readonly [prefix: string, local: string] | undefined {
    qualifiedName.lastIndex = this.#at;
    const name = qualifiedName.exec(this.#text);
    if (name === null) return this.#stopAt("invalid name token", this.#at);
    this.#at += name[0].length;
    return [name[1] ?? "", name[2]!];
  }

  #skipSpaces(): void {
    spaces.lastIndex = this.#at;
    this.#at += spaces.exec(this.#text)![0].length;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] === character) {
      this.#at++;
      return true;
    }
    if (this.#at >= this.#text.length) this.#stop("unexpected end of stream");
    else this.#expected(character, false);
    return false;
  }

  #unended(end: string): undefined {
    return this.#stopAt(`expected '${end}'`, this.#text.length);
  }

  #expected(what: string, isDescribed: boolean): undefined {
    const actual = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    return this.#stopAt(`expected ${isDescribed ? what : `'${what}'`} not '${actual}'`, this.#at);
  }

  #stopAt(problem: string, at: number, rest: string = ""): undefined {
    return this.#stop(`${problem} at ${this.#place(at)}${rest}`);
  }

  #stop(problem: string): undefined {
    this.problem ??= problem;
    return undefined;
  }

  /** Line and column, counted in characters from 1. */
  #place(at: number): string {
    const before = this.#text.slice(0, at);
    const lines = before.split("\n");
    return `${lines.length}:${Array.from(lines.at(-1)!).length + 1}`;
  }
}

function qualifiedText([prefix, local]: readonly [string, string]): string {
  return prefix === "" ? local : `${prefix}:${local}`;
}

/** Texts that touch are one. */
function addText(children: XmlNode[], text: string): void {
  const last = children.at(-1);
  if (typeof last === "string") children[children.length - 1] = last + text;
  else children.push(text);
}

function unifiedLines(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** In attributes each line break and tab is a space. */
function spacedLines(text: string): string {
  return text.replace(/\r\n|[\t\n\r]/g, " ");
}

function isXmlCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d;
  return (
    codePoint <= 0x10_ff_ff &&
    (codePoint < 0xd8_00 || codePoint > 0xdf_ff) &&
    codePoint !== 0xff_fe &&
    codePoint !== 0xff_ff
  );
}
