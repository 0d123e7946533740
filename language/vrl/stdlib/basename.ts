import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { componentsOf } from "./string/file-path.ts";

export const basename: FunctionDefinition = {
  name: "basename",
  category: "String",
  usage: "The last name in a path of a file, as Unix writes it. Slashes at the end do not count.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The path." }],
  failures: ["`value` is not a string."],
  returns: Part.bytes | Part.null,
  returnRules: ["Null where the path ends with no name, as `/` and `..` do."],
  typeOf: () => TypeDef.of(Kind.bytes.or(Kind.null)).fallible,
  prepare: () => (value: Text) => {
    const name = componentsOf(lossyText(value)).at(-1)?.name;
    return name === undefined || name === "/" || name === "." || name === ".." ? null : name;
  },
};

export const examples: readonly Example[] = [
  { title: "A file", source: 'basename!("/var/log/syslog.1")', result: "syslog.1" },
  { title: "A directory", source: 'basename!("srv/data/")', result: "data" },
];

export const tests: readonly Example[] = [
  { title: "The root", source: 'basename!("/")', result: "null" },
  { title: "Nothing", source: 'basename!("")', result: "null" },
  { title: "A name alone", source: 'basename!("a")', result: "a" },
  {
    title: "Dots",
    source: '[basename!("a/."), basename!("a/.."), basename!("."), basename!(".a")]',
    result: '["a", null, null, ".a"]',
  },
  { title: "Backslashes separate nothing", source: "basename!(s'C:\\a\\b')", result: "s'C:\\a\\b'" },
  {
    title: "Not a string",
    source: "basename!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "basename" at (0:13): expected string, got integer',
  },
];
