/**
 * Lines of web servers' logs. A format is told twice: `exact`, a regular expression of VRL's (of linear time, whatever
 * the line) that says which lines match and what they hold, and `quick`, a JavaScript one for the lines that servers
 * really write. A quick match is what the exact one would give, for each part ends at a character that is not in it,
 * so there is one way to match and no going back; what it does not match, the exact one looks at.
 */
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { parseInteger } from "../../runtime/integer.ts";
import type { Timestamp } from "../../runtime/timestamp.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { numberOfText } from "../number/float-text.ts";
import { LinearRegex } from "../log/regex.ts";

export interface Format {
  readonly exact: LinearRegex;
  /** Absent: what servers write cannot be told apart so simply. Its groups are `fields`, in order. */
  readonly quick: RegExp | undefined;
  /** Whether `quick` may be asked of the line, where it is not to be of each. */
  readonly isPlain: ((line: string) => boolean) | undefined;
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  /** The group's number in `exact`. */
  readonly group: number;
  /** A dash in its place stands for nothing. */
  readonly isDashNothing: boolean;
  readonly kind: "text" | "integer" | "float" | "timestamp";
}

const integers = new Set([
  "status",
  "size",
  "pid",
  "tid",
  "cid",
  "port",
  "body_bytes_size",
  "request_length",
  "upstream_response_length",
  "upstream_status",
]);
const floats = new Set(["excess", "request_time", "upstream_response_time"]);

export function format(source: string, quick?: RegExp, isPlain?: (line: string) => boolean): Format {
  const exact = new LinearRegex(source);
  let fields: readonly Field[] | undefined;
  return {
    exact,
    quick,
    isPlain,
    get fields() {
      return (fields ??= fieldsOf(source, exact));
    },
  };
}

function fieldsOf(source: string, exact: LinearRegex): readonly Field[] {
  return exact.groupNames.flatMap((name, group): Field[] =>
    name === undefined
      ? []
      : [{ name, group, isDashNothing: source.includes(`(?:-|(?P<${name}>`), kind: kindOf(name) }],
  );
}

function kindOf(name: string): Field["kind"] {
  if (name === "timestamp") return "timestamp";
  if (integers.has(name)) return "integer";
  return floats.has(name) ? "float" : "text";
}

/** Reads the timestamp of a line; a failure says why it cannot. */
export type ReadTimestamp = (text: string) => Timestamp | Failure;

/** The fields that the line has; undefined: it is not of the format. */
export function readLine(
  line: string,
  { exact, quick, isPlain, fields }: Format,
  readTimestamp: ReadTimestamp,
): VrlObject | Failure | undefined {
  const object: VrlObject = {};
  const quickly = quick === undefined || isPlain?.(line) === false ? null : quick.exec(line);
  if (quickly !== null) {
    for (let index = 0; index < fields.length; index++) {
      const text = quickly[index + 1];
      const field = fields[index]!;
      if (text === undefined || (field.isDashNothing && text === "-")) continue;
      const failure = setField(object, field, text, readTimestamp);
      if (failure !== undefined) return failure;
    }
    return object;
  }
  const groups = exact.groups(line);
  if (groups === undefined) return undefined;
  for (const field of fields) {
    const text = groups[field.group];
    if (text === undefined) continue;
    const failure = setField(object, field, text, readTimestamp);
    if (failure !== undefined) return failure;
  }
  return object;
}

function setField(
  object: VrlObject,
  { name, kind }: Field,
  text: string,
  readTimestamp: ReadTimestamp,
): Failure | undefined {
  let value: Value | Failure | undefined = text;
  if (kind === "timestamp") value = readTimestamp(text);
  else if (kind === "integer") value = parseInteger(text);
  else if (kind === "float") {
    const float = numberOfText(text);
    value = float === undefined ? undefined : floatOf(float);
  }
  if (value instanceof Failure) return value;
  if (value === undefined) return new Failure(`failed parsing ${name}`);
  object[name] = value;
  return undefined;
}
