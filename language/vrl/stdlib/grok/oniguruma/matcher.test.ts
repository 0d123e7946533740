import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { compile } from "./compile.ts";
import { Matcher } from "./matcher.ts";
import { Refusal } from "./syntax.ts";

/** The whole match and its groups; undefined: none. */
function find(source: string, text: string): (string | undefined)[] | string {
  const matcher = new Matcher(compile(source));
  const outcome = matcher.search(text);
  if (outcome !== "found") return outcome;
  return Array.from({ length: matcher.slots.length / 2 }, (_, group) => {
    const [start, end] = [matcher.slots[group * 2]!, matcher.slots[group * 2 + 1]!];
    return start < 0 || end < 0 ? undefined : text.slice(start, end);
  });
}

type Case = readonly [source: string, text: string, found: (string | undefined)[] | string];

const cases: readonly Case[] = [
  ["a(b|c)*d", "xabcbd", ["abcbd", "b"]],
  ["(a)|b", "b", ["b", undefined]],
  ["(?<y>(?>\\d\\d){1,2})-(x)?", "on 2024-x", ["2024-x", "2024"]],
  ["(?>a+)ab", "aaab", "none"],
  ["a++b", "aab", ["aab"]],
  ["a*+a", "aaa", "none"],
  ["a{2}?b", "b", ["b"]],
  ["a{,2}", "aaa", ["aa"]],
  ["x{1,y}", "x{1,y}", ["x{1,y}"]],
  ["(?<![0-9.])[0-9]+", "1.25 7", ["1"]],
  ["(?<=a|bc)d", "bcd", ["d"]],
  ["(?!foo)\\w{3}", "foobar", ["oob"]],
  ["(?=(\\w))\\1\\1", "abb", ["bb", "b"]],
  ["(?<q>['\"]).*?\\k<q>", `say "it's" so`, [`"it's"`, '"']],
  ["^b$", "a\nb\nc", ["b"]],
  ["\\Ab", "a\nb", "none"],
  ["c\\Z", "c\n", ["c"]],
  ["c\\z", "c\n", "none"],
  ["^$", "a\n", "none"],
  ["a.b", "a\nb", "none"],
  ["(?m)a.b", "a\nb", ["a\nb"]],
  ["a(?i)b|c", "aC", ["aC"]],
  ["a(?i:b)c", "aBc", ["aBc"]],
  ["(?x) a # comment\n b", "ab", ["ab"]],
  ["a(?#not this)b", "ab", ["ab"]],
  ["\\h+", "xBEEF", ["BEEF"]],
  ["[[:alpha:]&&[^x]]+", "xaéb1", ["aéb"]],
  ["[]a]+", "]a", ["]a"]],
  ["[a-c-e]+", "b-e", ["b-e"]],
  ["[\\w.-]+", "a-b.c", ["a-b.c"]],
  ["[^\\d\\s]+", "12 日本 3", ["日本"]],
  ["\\p{Greek}+", "aαβ", ["αβ"]],
  ["\\b\\w+\\b", " über ", ["über"]],
  [".", "😀", ["😀"]],
  ["(?<=.)x", "😀x", ["x"]],
  ["\\x{1F600}\\u0041", "😀A", ["😀A"]],
  ["(a*)*", "b", ["", ""]],
  ["(a|b*)*c", "abbc", ["abbc", ""]],
  ["(?:(a)|b)*", "ab", ["ab", "a"]],
  ["a\\Kb", "ab", ["b"]],
  ["\\R", "\r\n", ["\r\n"]],
];

suite("Matcher finds what Oniguruma finds", () => {
  for (const [source, text, found] of cases)
    test(`${source} in ${JSON.stringify(text)}`, () => assert.deepEqual(find(source, text), found));
});

suite("compile() refuses", () => {
  for (const source of [
    "*a",
    "(a",
    "a)",
    "[a",
    "\\",
    "(?<n",
    "(?<=a+)b",
    "\\k<no>",
    "a{3,2}",
    "(?s)a",
    "[z-a]",
    "\\g<0>",
  ])
    test(source, () => assert.throws(() => compile(source), Refusal));

  test("what would be too large", () => assert.throws(() => compile("((((a|b){99}){99}){99}){99}"), Refusal));
  test("what is nested too deep", () => assert.throws(() => compile("(".repeat(9999)), Refusal));
});

test("Matcher gives up where going back would not end", () => {
  for (const [source, text] of [
    ["(a*)*b", "a".repeat(64)],
    ["(a|aa)+$", `${"a".repeat(64)}b`],
    ["(x+x+)+y", "x".repeat(64)],
    ["(.*)(.*)(.*)(.*)(.*)x", "a".repeat(2000)],
  ] as const)
    assert.equal(find(source, text), "exhausted");
});

test("Matcher agrees with the host's expressions where the two mean the same", () => {
  const atom = fc.constantFrom("a", "b", "[ab]", ".", "(a)", "(?:ab|a)", "(b|ab)", "\\b", "(?=a)", "(?!b)");
  const piece = fc
    .tuple(atom, fc.constantFrom("", "*", "+", "?", "*?", "+?", "{1,2}"))
    .map(([of, often]) =>
      of.startsWith("\\") || of.startsWith("(?=") || of.startsWith("(?!") ? of : of + often,
    );
  const source = fc
    .array(
      fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("")),
      { minLength: 1, maxLength: 3 },
    )
    .map((options) => options.join("|"));
  fc.assert(
    fc.property(
      source,
      fc.string({ unit: fc.constantFrom("a", "b", " "), maxLength: 8 }),
      (expression, text) => {
        const wanted = new RegExp(expression).exec(text);
        // A group keeps what it took in an earlier round here, and not there: only whole matches are compared.
        const found = find(expression, text);
        assert.equal(typeof found === "string" ? undefined : found[0], wanted?.[0]);
      },
    ),
    { numRuns: 500 },
  );
});

test("any text is an expression or is refused", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("ab()[]{}|*+?.^$\\<>=!:-,1d&'")), maxLength: 16 }),
      fc.string({ unit: fc.constantFrom("a", "b", "\n", "😀"), maxLength: 12 }),
      (source, text) => {
        try {
          find(source, text);
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
