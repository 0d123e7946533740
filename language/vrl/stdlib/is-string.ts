import { isText } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { predicate } from "./type/predicate.ts";

export const isString: FunctionDefinition = predicate("is_string", "a string", isText);

export const examples: readonly Example[] = [{ title: "Text", source: 'is_string("a")', result: "true" }];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'is_string("")', result: "true" },
  { title: "Bytes that are no text", source: 'is_string(decode_base16!("ff"))', result: "true" },
  { title: "A number", source: "is_string(1)", result: "false" },
  { title: "A regex", source: "is_string(r'a')", result: "false" },
  { title: "A timestamp", source: "is_string(t'2024-01-01T00:00:00Z')", result: "false" },
];
