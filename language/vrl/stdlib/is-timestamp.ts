import { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isTimestamp: FunctionDefinition = predicate(
  "is_timestamp",
  "a timestamp",
  (value) => value instanceof Timestamp,
);

export const examples: readonly Example[] = [
  { title: "A literal", source: "is_timestamp(t'2024-02-29T12:00:00Z')", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "A string that looks like one", source: 'is_timestamp("2024-02-29T12:00:00Z")', result: "false" },
  { title: "A number", source: "is_timestamp(0)", result: "false" },
  { title: "Null", source: "is_timestamp(null)", result: "false" },
  { title: "Now", source: "is_timestamp(now())", result: "true" },
];
