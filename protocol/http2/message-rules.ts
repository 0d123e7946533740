import { FieldKind } from "./hpack/field-kind.ts";

/** What a field list must be to be a request, a response or trailers (RFC 9113 §8.2, §8.3). */

const METHOD_TEXT = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/;
const SCHEME_TEXT = /^[A-Za-z][A-Za-z0-9+.-]{0,31}$/;
/** Visible ASCII: what could not be told from a request line's own parts has no place in a path. */
const PATH_TEXT = /^(?:\/[!"$-~]*|\*)$/;
/** Host and port; no user, whom no client may send. */
const AUTHORITY_TEXT = /^[A-Za-z0-9._~!$&'()*+,;=:%[\]-]*$/;
const LENGTH_DIGITS_MAX = 15; // what a double holds exactly

/** The answer to a field list that is too large (RFC 6585 §5). */
export const TOO_LARGE: readonly string[] = [":status", "431", "content-length", "0"];

/** Remembers the last text that passed: neighbours on a connection are mostly the same. */
class TextRule {
  readonly #pattern: RegExp;
  #passed = "\n";

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  passes(text: string): boolean {
    if (text === this.#passed) return true;
    if (!this.#pattern.test(text)) return false;
    this.#passed = text;
    return true;
  }
}

/** Looks a message over. What it learns is in its fields until the next call. */
export class MessageRules {
  /** -1 without a Content-Length. */
  contentLength = -1;
  status = 0;
  method = "";
  /** A request for a tunnel: CONNECT, plain or extended (RFC 8441). */
  isConnect = false;
  readonly #methods: TextRule = new TextRule(METHOD_TEXT);
  readonly #schemes: TextRule = new TextRule(SCHEME_TEXT);
  readonly #authorities: TextRule = new TextRule(AUTHORITY_TEXT);
  readonly #paths: TextRule = new TextRule(PATH_TEXT);
  readonly #found: Int32Array = new Int32Array(FieldKind.malformed + 1);

  /** Finds what stands where; false if something is malformed, repeated or behind its place. */
  #scan(fields: readonly string[], kinds: Uint8Array): boolean {
    const found = this.#found.fill(-1);
    this.contentLength = -1;
    const count = fields.length >> 1;
    let regular = false;
    for (let index = 0; index < count; index++) {
      const kind = kinds[index]!;
      if (kind === FieldKind.other) {
        regular = true;
        continue;
      }
      if (kind === FieldKind.malformed || found[kind]! >= 0) return false;
      found[kind] = index;
      if (kind > FieldKind.pseudoLast) {
        regular = true;
        if (kind === FieldKind.contentLength && !this.#length(fields[index * 2 + 1]!)) return false;
      } else if (regular) return false;
    }
    return true;
  }

  #length(text: string): boolean {
    if (text.length === 0 || text.length > LENGTH_DIGITS_MAX) return false;
    let length = 0;
    for (let index = 0; index < text.length; index++) {
      const digit = text.charCodeAt(index) - 0x30;
      if (digit < 0 || digit > 9) return false;
      length = length * 10 + digit;
    }
    this.contentLength = length;
    return true;
  }

  #value(fields: readonly string[], kind: number): string | undefined {
    const index = this.#found[kind]!;
    return index < 0 ? undefined : fields[index * 2 + 1]!;
  }

  isRequest(fields: readonly string[], kinds: Uint8Array, extendedConnect: boolean): boolean {
    if (!this.#scan(fields, kinds) || this.#found[FieldKind.status]! >= 0) return false;
    const method = this.#value(fields, FieldKind.method);
    const scheme = this.#value(fields, FieldKind.scheme);
    const path = this.#value(fields, FieldKind.path);
    const authority = this.#value(fields, FieldKind.authority);
    const protocol = this.#value(fields, FieldKind.protocol);
    if (method === undefined || !this.#methods.passes(method)) return false;
    this.method = method;
    if (authority !== undefined) {
      if (!this.#authorities.passes(authority)) return false;
      const host = this.#value(fields, FieldKind.host);
      if (host !== undefined && host !== authority && host.toLowerCase() !== authority.toLowerCase())
        return false;
    }
    this.isConnect = method === "CONNECT";
    if (this.isConnect && protocol === undefined) {
      return scheme === undefined && path === undefined && authority !== undefined && authority !== "";
    }
    if (protocol !== undefined && (!extendedConnect || !this.isConnect || authority === undefined))
      return false;
    if (scheme === undefined || path === undefined || !this.#schemes.passes(scheme)) return false;
    return this.#paths.passes(path) && (path !== "*" || method === "OPTIONS");
  }

  isResponse(fields: readonly string[], kinds: Uint8Array): boolean {
    if (!this.#scan(fields, kinds)) return false;
    const found = this.#found;
    for (let kind: number = FieldKind.method; kind < FieldKind.status; kind++)
      if (found[kind]! >= 0) return false;
    const text = this.#value(fields, FieldKind.status);
    if (text === undefined || text.length !== 3) return false;
    this.status = Number(text);
    // 101 has no meaning here (§8.6).
    return this.status >= 100 && this.status <= 599 && this.status !== 101;
  }

  isTrailers(fields: readonly string[], kinds: Uint8Array): boolean {
    for (let index = 0; index < fields.length >> 1; index++) {
      if (kinds[index]! !== FieldKind.other) return false;
    }
    return true;
  }
}
