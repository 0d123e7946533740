import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { componentsOf } from "./string/file-path.ts";

export const dirname: FunctionDefinition = {
  name: "dirname",
  category: "String",
  usage: "A path of a file without its last part, as Unix writes it: the directory it is in.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The path." }],
  failures: ["`value` is not a string."],
  returns: Part.bytes,
  returnRules: ["`.` where the path has one part alone, `/` for `/`."],
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const path = lossyText(value);
    if (path === "/") return "/";
    const parent = componentsOf(path).at(-2);
    return parent === undefined ? "." : path.slice(0, parent.end);
  },
};

export const examples: readonly Example[] = [
  { title: "A file", source: 'dirname!("/var/log/syslog")', result: "/var/log" },
  { title: "A name alone", source: 'dirname!("notes.txt")', result: "." },
];

export const tests: readonly Example[] = [
  {
    title: "In the root",
    source: '[dirname!("/a"), dirname!("//a"), dirname!("/")]',
    result: '["/", "/", "/"]',
  },
  { title: "Slashes at the end", source: 'dirname!("a/b//")', result: "a" },
  {
    title: "Slashes in between stay",
    source: '[dirname!("a//b/c"), dirname!("a/b//./c")]',
    result: '["a//b", "a/b"]',
  },
  {
    title: "Dots",
    source:
      '[dirname!(""), dirname!("."), dirname!(".."), dirname!("./a"), dirname!("a/.."), dirname!("/.")]',
    result: '[".", ".", ".", ".", "a", "."]',
  },
  {
    title: "Not a string",
    source: "dirname!(.n)",
    input: '{"n": null}',
    error: 'function call error for "dirname" at (0:12): expected string, got null',
  },
];
