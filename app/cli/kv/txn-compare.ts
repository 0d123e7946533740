import { keyRangeOf, type MvccCompare } from "@plinth/store";
import { quotedText, type SourceLine, SyntaxFault } from "./txn-source.ts";

type Target = MvccCompare["target"];

/** As etcdctl has them. */
const targets: Readonly<Record<string, Target>> = {
  c: "create",
  create: "create",
  m: "mod",
  mod: "mod",
  ver: "version",
  version: "version",
  val: "value",
  value: "value",
  lease: "lease",
};

/** Reads `mod("key") > "5"`. */
export function parseCompare(line: SourceLine): MvccCompare {
  const { text } = line;
  const skip = (from: number): number => from + /^\s*/.exec(text.slice(from))![0].length;
  const expect = (at: number, what: string): never => {
    throw new SyntaxFault(line, Math.min(at, text.length), `expected ${what}`);
  };

  const start = skip(0);
  const name = /^[a-z]+/.exec(text.slice(start))?.[0] ?? "";
  const target = targets[name] ?? expect(start, "mod, create, version, value or lease");
  let at = skip(start + name.length);
  if (text[at] !== "(") expect(at, `( and a key in quotes, as in ${name}("key")`);
  at = skip(at + 1);
  if (text[at] !== '"' && text[at] !== "'") expect(at, 'a key in quotes, as in "key"');
  const key = quotedText(line, at);
  at = skip(key.end);
  if (text[at] !== ")") expect(at, ")");
  at = skip(at + 1);
  const operator = /^(!=|=|<(?!=)|>(?!=))/.exec(text.slice(at))?.[0] ?? expect(at, "=, !=, < or >");
  at = skip(at + operator.length);
  const operand = operandOf(line, at) ?? expect(at, 'what to compare with, as in "5"');
  const end = skip(operand.end);
  if (end < text.length) expect(end, "nothing more on this line");
  return compareOf(
    { target, key: keyRangeOf(key.text).key, operator: operator as MvccCompare["operator"] },
    operand.text,
    (what) => expect(at, what),
  );
}

/** In quotes, or a bare number. */
function operandOf(
  line: SourceLine,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  const { text } = line;
  if (text[at] === '"' || text[at] === "'") return quotedText(line, at);
  const bare = /^[0-9a-fA-F]+/.exec(text.slice(at))?.[0];
  return bare === undefined ? undefined : { text: bare, end: at + bare.length };
}

function compareOf(
  { target, ...rest }: { readonly target: Target } & Pick<MvccCompare, "key" | "operator">,
  operand: string,
  expect: (what: string) => never,
): MvccCompare {
  if (target === "value") return { ...rest, target, operand: Buffer.from(operand) };
  if (target === "lease") {
    if (!/^[0-9a-f]{1,16}$/i.test(operand)) expect("a lease's hexadecimal id");
    return { ...rest, target, operand: BigInt.asIntN(64, BigInt(`0x${operand}`)) };
  }
  if (!/^[0-9]{1,15}$/.test(operand)) expect("a whole number");
  return { ...rest, target, operand: Number(operand) };
}
