import { Kind, Part } from "../checker/kind.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const timestamp: FunctionDefinition = guard({
  name: "timestamp",
  kindName: "timestamp",
  article: "a",
  part: Part.timestamp,
  kindOf: () => Kind.timestamp,
  isOfKind: (value) => value instanceof Timestamp,
});

export const examples: readonly Example[] = [
  {
    title: "What should be one",
    source: ".at = t'2024-02-29T12:00:00Z'\nto_unix_timestamp(timestamp(.at))",
    result: "1709208000",
  },
];

export const tests: readonly Example[] = [
  {
    title: "A literal",
    source: "timestamp(t'1970-01-01T00:00:00.5Z')",
    result: "t'1970-01-01T00:00:00.500Z'",
  },
  {
    title: "In its place",
    source: "timestamp(.n) ?? t'2000-01-01T00:00:00Z'",
    input: '{"n": 0}',
    result: "t'2000-01-01T00:00:00Z'",
  },
  { title: "Before 1970", source: "timestamp(t'1900-01-01T00:00:00Z')", result: "t'1900-01-01T00:00:00Z'" },
  {
    title: "A string that looks like one",
    source: "timestamp!(.n)",
    input: '{"n": "2024-02-29T12:00:00Z"}',
    error: 'function call error for "timestamp" at (0:14): expected timestamp, got string',
  },
  {
    title: "A number",
    source: "timestamp!(.n)",
    input: '{"n": 0}',
    error: 'function call error for "timestamp" at (0:14): expected timestamp, got integer',
  },
];
