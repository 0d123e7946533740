import { Kind, Part } from "../checker/kind.ts";
import { isText } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const string: FunctionDefinition = guard({
  name: "string",
  kindName: "string",
  article: "a",
  part: Part.bytes,
  kindOf: () => Kind.bytes,
  isOfKind: isText,
});

export const examples: readonly Example[] = [
  {
    title: "A field that should be one",
    source: "upcase(string!(.level))",
    input: '{"level": "warn"}',
    result: "WARN",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'string("")', result: "s''" },
  { title: "Bytes that are no text", source: 'length(string(decode_base16!("ff")))', result: "1" },
  { title: "In its place", source: 'string(.n) ?? "none"', input: '{"n": 5}', result: "none" },
  {
    title: "A number",
    source: "string!(.n)",
    input: '{"n": 5}',
    error: 'function call error for "string" at (0:11): expected string, got integer',
  },
  {
    title: "A regex",
    source: "x = if .n == 1 { r'a' } else { \"a\" }\nstring!(x)",
    input: '{"n": 1}',
    error: 'function call error for "string" at (37:47): expected string, got regex',
  },
];
