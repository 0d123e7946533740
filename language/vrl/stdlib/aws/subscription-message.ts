/** Messages that CloudWatch Logs sends to subscriptions: JSON of one shape, with no other fields. */
import { Collection, Kind } from "../../checker/kind.ts";

import { Failure } from "../../runtime/failure.ts";
import { SECONDS_MAX, SECONDS_MIN, Timestamp } from "../../runtime/timestamp.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { parseJsonText } from "../json/parse.ts";
import { jsonText } from "../json/write.ts";
import { debugText } from "../conversion/debug.ts";
import { JsonWalk } from "./json-walk.ts";

export const messageKind: Kind = Kind.object({
  owner: Kind.bytes,
  message_type: Kind.bytes,
  log_group: Kind.bytes,
  log_stream: Kind.bytes,
  subscription_filters: Kind.ofArray(Collection.any<number>().withUnknown(Kind.bytes)),
  log_events: Kind.arrayOf(Kind.object({ id: Kind.bytes, timestamp: Kind.timestamp, message: Kind.bytes })),
});

export function readMessage(text: string): Value | Failure {
  const value = parseJsonText(text);
  if (value instanceof Failure) return new Failure(`unable to parse: ${value.message}`);
  try {
    return readObject(new JsonWalk(text), message);
  } catch (error) {
    if (error instanceof ShapeProblem) return new Failure(`unable to parse: ${error.message}`);
    throw error;
  }
}

/** Says what is not of the shape, and where. Seldom: what AWS sends is. */
class ShapeProblem extends Error {
  override readonly name = "ShapeProblem";
}

/** Reads the value that comes next. */
type Read = (walk: JsonWalk) => Value;

interface Shape {
  readonly name: string;
  /** By the JSON's names, in order: the result's name and how to read it. */
  readonly fields: ReadonlyMap<string, readonly [name: string, read: Read]>;
}

const logEvent: Shape = {
  name: "AwsCloudWatchLogEvent",
  fields: new Map<string, readonly [string, Read]>([
    ["id", ["id", readString]],
    ["timestamp", ["timestamp", readTimestamp]],
    ["message", ["message", readString]],
  ]),
};

const message: Shape = {
  name: "AwsCloudWatchLogsSubscriptionMessage",
  fields: new Map<string, readonly [string, Read]>([
    ["owner", ["owner", readString]],
    ["messageType", ["message_type", readType]],
    ["logGroup", ["log_group", readString]],
    ["logStream", ["log_stream", readString]],
    ["subscriptionFilters", ["subscription_filters", (walk) => readArray(walk, readString)]],
    ["logEvents", ["log_events", (walk) => readArray(walk, (each) => readObject(each, logEvent))]],
  ]),
};

function readObject(walk: JsonWalk, { name, fields }: Shape): VrlObject {
  const object: VrlObject = {};
  if (!walk.take("{")) throw wrongType(walk, `struct ${name}`);
  while (!walk.take("}")) {
    walk.take(",");
    const key = walk.string();
    const field = fields.get(key);
    const problem =
      field === undefined
        ? `unknown field \`${key}\`, expected one of ${[...fields.keys()].map((each) => `\`${each}\``).join(", ")}`
        : Object.hasOwn(object, field[0])
          ? `duplicate field \`${key}\``
          : undefined;
    if (problem !== undefined || field === undefined) {
      walk.peek();
      throw new ShapeProblem(problem + walk.place());
    }
    walk.take(":");
    object[field[0]] = field[1](walk);
  }
  for (const [key, [result]] of fields) {
    if (!Object.hasOwn(object, result)) throw new ShapeProblem(`missing field \`${key}\`${walk.place()}`);
  }
  return object;
}

function readArray(walk: JsonWalk, read: Read): Value[] {
  if (!walk.take("[")) throw wrongType(walk, "a sequence");
  const array: Value[] = [];
  while (!walk.take("]")) {
    walk.take(",");
    array.push(read(walk));
  }
  return array;
}

function readString(walk: JsonWalk): string {
  if (walk.peek() !== '"') throw wrongType(walk, "a string");
  return walk.string();
}

function readType(walk: JsonWalk): string {
  if (walk.peek() !== '"') throw new ShapeProblem(`expected value${walk.place(1)}`);
  const type = walk.string();
  if (type === "CONTROL_MESSAGE" || type === "DATA_MESSAGE") return type;
  throw new ShapeProblem(
    `unknown variant \`${type}\`, expected \`CONTROL_MESSAGE\` or \`DATA_MESSAGE\`${walk.place()}`,
  );
}

/** Milliseconds since 1970. */
function readTimestamp(walk: JsonWalk): Timestamp {
  const before = walk.at;
  const written = /[-0-9]/.test(walk.peek()) ? walk.scalar() : "";
  if (!/^-?[0-9]+$/.test(written) || Math.abs(Number(written)) >= 2 ** 64) {
    walk.at = before;
    throw wrongType(walk, "a unix timestamp in milliseconds");
  }
  const milliseconds = Number(written);
  if (milliseconds < SECONDS_MIN * 1000 || milliseconds > SECONDS_MAX * 1000 + 999)
    throw new ShapeProblem(`value is not a legal timestamp: ${written}${walk.place()}`);
  return Timestamp.fromMilliseconds(milliseconds);
}

/** A scalar is read before it is told that it is no such thing, an array or object is not. */
function wrongType(walk: JsonWalk, expected: string): ShapeProblem {
  const sign = walk.peek();
  if (sign === "[" || sign === "{")
    return new ShapeProblem(
      `invalid type: ${sign === "[" ? "sequence" : "map"}, expected ${expected}${walk.place()}`,
    );
  const written = walk.scalar();
  return new ShapeProblem(`invalid type: ${told(written)}, expected ${expected}${walk.place()}`);
}

function told(written: string): string {
  if (written === "null") return "null";
  if (written === "true" || written === "false") return `boolean \`${written}\``;
  const value = parseJsonText(written);
  if (typeof value === "string") return `string ${debugText(value)}`;
  const text = value instanceof Failure ? written : jsonText(value);
  return /^-?[0-9]+$/.test(text) ? `integer \`${text}\`` : `floating point \`${text}\``;
}
