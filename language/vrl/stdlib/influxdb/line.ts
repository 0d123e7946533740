/** InfluxDB's line protocol (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), as VRL reads it. */

export interface InfluxLine {
  readonly measurement: string;
  readonly tags: readonly (readonly [key: string, value: string])[] | undefined;
  /** A string's own value does not matter: VRL refuses it. */
  readonly fields: readonly (readonly [key: string, value: number | "string"])[];
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint | undefined;
}

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

/** A string says what is wrong. */
export function parseInfluxLines(text: string): InfluxLine[] | string {
  const lines: InfluxLine[] = [];
  for (const line of splitLines(text)) {
    const content = withoutComments(line);
    if (content === "") continue;
    const reader = new LineReader(content);
    const parsed = reader.line();
    if (parsed === undefined) return reader.problem!;
    lines.push(parsed);
  }
  return lines;
}

/** A line break in a field's string does not end the line. */
function* splitLines(text: string): Generator<string> {
  let start = 0;
  let isQuoted = false;
  let inFields = false;
  let surplus = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === " ") inFields = true;
    else if (inFields && !isQuoted && character === "=") surplus++;
    else if (inFields && !isQuoted && character === ",") surplus--;
    else if (inFields && character === '"' && surplus > 0) isQuoted = !isQuoted;
    else if (character === "\n" && !isQuoted) {
      yield text.slice(start, at);
      start = at + 1;
      inFields = false;
      surplus = 0;
    }
  }
  yield text.slice(start);
}

function withoutComments(line: string): string {
  let content = line.replace(/^[ \t\n]+/, "");
  while (content.startsWith("#")) {
    const end = content.indexOf("\n");
    content = end === -1 ? "" : content.slice(end).replace(/^[ \t\n]+/, "");
  }
  return content;
}

class LineReader {
  problem: string | undefined = undefined;
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  line(): InfluxLine | undefined {
    const measurement = this.#escaped(/[^ \t\n\0,\\]+/y, ", \\");
    if (measurement === undefined) return this.#stop("Invalid measurement was provided");
    const tags = this.#line[this.#at] === "," ? this.#tags() : undefined;
    if (this.problem !== undefined) return undefined;
    if (!this.#spaces()) return this.#stop("A generic parsing error occurred: TakeWhile1");
    const fields = this.#fields();
    if (fields === undefined) return this.#stop("No fields were provided");
    const timestamp = this.#timestamp();
    if (this.problem !== undefined) return undefined;
    if (this.#at < this.#line.length)
      return this.#stop(
        `Could not parse entire line. Found trailing content: '${this.#line.slice(this.#at)}'`,
      );
    return { measurement, tags, fields, timestamp };
  }

  #tags(): (readonly [string, string])[] | undefined {
    this.#at++;
    const tags = this.#list(() => {
      const key = this.#escaped(/[^ \t\n=\\]+/y, "\\,= ");
      if (key === undefined || this.#line[this.#at] !== "=") return undefined;
      this.#at++;
      const value = this.#escaped(/[^ \t\n,\\]+/y, "\\,= ");
      return value === undefined ? undefined : ([key, value] as const);
    });
    return tags.length === 0 ? this.#stop("Tag Set Malformed") : tags;
  }

  #fields(): (readonly [string, number | "string"])[] | undefined {
    const fields = this.#list(() => {
      const key = this.#escaped(/[^ \t\n=\\]+/y, "\\,= ");
      if (key === undefined || this.#line[this.#at] !== "=") return undefined;
      this.#at++;
      const value = this.#fieldValue();
      return value === undefined ? undefined : ([key, value] as const);
    }, true);
    return fields.length === 0 ? undefined : fields;
  }

  /**
   * Items with commas between; what is no item ends the list before its comma, but for a comma right after the first
   * where `takesFirstComma`.
   */
  #list<T>(item: () => T | undefined, takesFirstComma: boolean = false): T[] {
    const items: T[] = [];
    let end = this.#at;
    for (;;) {
      const read = item();
      if (read === undefined) {
        this.#at = end;
        return items;
      }
      items.push(read);
      end = this.#at;
      if (this.#line[this.#at] !== ",") return items;
      this.#at++;
      if (takesFirstComma && items.length === 1) end = this.#at;
    }
  }

  #fieldValue(): number | "string" | undefined {
    const integer = this.#match(/(-?\d+)i/y);
    if (integer !== undefined) return this.#integer(integer[1]!, I64_MIN, I64_MAX, "integer");
    const unsigned = this.#match(/(\d+)u/y);
    if (unsigned !== undefined) return this.#integer(unsigned[1]!, 0n, U64_MAX, "unsigned integer");
    const float = this.#match(/-?\d+(?:\.\d+)?[eE][-+]?\d+|-?\d+(?:\.\d+)?/y);
    if (float !== undefined) return Number(float[0]);
    if (this.#match(/"(?:\\[^]|[^"\\])*"/y) !== undefined) return "string";
    const word = this.#match(/true|True|TRUE|t|T|false|False|FALSE|f|F/y);
    return word === undefined ? undefined : /^t/i.test(word[0]) ? 1 : 0;
  }

  #integer(digits: string, min: bigint, max: bigint, what: string): number | undefined {
    // Far more digits than fit need not be read.
    const value = digits.length > 40 ? max + 1n : BigInt(digits);
    if (value >= min && value <= max) return Number(value);
    return this.#stop(`Unable to parse ${what} value '${digits}'`);
  }

  #timestamp(): bigint | undefined {
    const start = this.#at;
    const digits = this.#spaces() ? this.#match(/-?\d+/y)?.[0] : undefined;
    if (digits === undefined) {
      this.#at = start;
      return undefined;
    }
    const value = digits.length > 40 ? I64_MAX + 1n : BigInt(digits);
    if (value < I64_MIN || value > I64_MAX) return this.#stop(`Unable to parse timestamp value '${digits}'`);
    this.#spaces();
    return value;
  }

  /** Characters and those that a backslash takes the meaning of; other backslashes stay. */
  #escaped(plain: RegExp, escapable: string): string | undefined {
    const start = this.#at;
    let text = "";
    for (;;) {
      const run = this.#match(plain)?.[0] ?? "";
      text += run;
      if (this.#line[this.#at] !== "\\") {
        if (run === "" && this.#at === start) return undefined;
        return text.endsWith("\\")
          ? this.#stop("Measurements, tag keys and values, and field keys may not end with a backslash")
          : text;
      }
      const next = this.#line.slice(this.#at + 1, this.#at + 2 + (this.#isPair(this.#at + 1) ? 1 : 0));
      text += next !== "" && escapable.includes(next) ? next : `\\${next}`;
      this.#at += 1 + next.length;
    }
  }

  #isPair(at: number): boolean {
    return (this.#line.codePointAt(at) ?? 0) > 0xff_ff;
  }

  #spaces(): boolean {
    return this.#match(/ +/y) !== undefined;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  #stop(problem: string): undefined {
    this.problem ??= problem;
    return undefined;
  }
}
