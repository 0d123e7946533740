import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Regex, RegexProblem } from "./regex.ts";
import { Automaton, GAVE_UP } from "./regex/automaton.ts";
import { backtrackingLengthMax, backtrackingSteps } from "./regex/cost.ts";
import { startsAnchored, type Expression } from "./regex/expression.ts";
import { nativeSource } from "./regex/native.ts";
import { parseSyntax } from "./regex/parse.ts";
import { Pike } from "./regex/pike.ts";
import { compileProgram } from "./regex/program.ts";
import { includes } from "./regex/ranges.ts";
import { translate } from "./regex/translate.ts";

function compile(source: string): Regex {
  const regex = Regex.compile(source);
  assert(regex instanceof Regex, source);
  return regex;
}

function problem(source: string): string {
  const found = Regex.compile(source);
  assert(found instanceof RegexProblem, source);
  return found.message;
}

function first(source: string, text: string): string | undefined {
  return compile(source).find(text, 0)?.group(0);
}

const atoms =
  "a b 1 é 😀 . [ab] [^a] \\d \\w \\W \\s (?i:k) (?i:σ) \\PL ^ $ \\b \\B (?m:^) (?mR:$) \\b{start-half} (?-u:\\b) " +
  "[a-z&&[^b]]";

const atom = fc.constantFrom(...atoms.split(" "));

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map((parts) => `(${parts.join("|")})`),
    fc
      .tuple(
        tie("pattern"),
        fc.constantFrom("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}"),
      )
      .map(([sub, count]) => `(?:${sub})${count}`),
  ),
}));

const input = fc
  .array(
    fc.constantFrom("a", "b", "1", " ", "é", "😀", "\n", "\r", "k", "K", "\u212a", "ς", "\ud83d", "\ufffd"),
  )
  .map((parts) => parts.join(""));

test("Regex finds the same matches by the host's engine and by its own", () => {
  fc.assert(
    fc.property(pattern, input, (source, text) => {
      const { syntax, groupNames } = parseSyntax(Array.from(source));
      const expression = translate(syntax);
      const native = nativeSource(expression);
      // What is proven of nothing the host's engine does not get.
      if (native === undefined || backtrackingLengthMax(expression, false) === 0) return;
      const program = compileProgram(expression, groupNames.length - 1);
      const places = new Pike(program).search(text, 0, program.slotCount);
      const indices = new RegExp(native, "du").exec(text)?.indices;
      assert.deepEqual(
        places && [...places],
        indices?.flatMap((place) => place ?? [-1, -1]),
      );
    }),
    { numRuns: 3000 },
  );
});

test("Regex finds the same matches by its automaton, step by step, and from any place", () => {
  fc.assert(
    fc.property(pattern, fc.array(input, { minLength: 1, maxLength: 5 }), (source, texts) => {
      const { syntax, groupNames } = parseSyntax(Array.from(source));
      const program = compileProgram(translate(syntax), groupNames.length - 1);
      for (const slots of [0, 2, program.slotCount]) {
        const automaton = new Automaton(program, slots);
        const pike = new Pike(program);
        // What it keeps of one text it uses for the next.
        for (const text of texts) {
          for (let from = 0; from <= text.length; from += text.codePointAt(from)! > 0xff_ff ? 2 : 1)
            assert.deepEqual(automaton.search(text, from), pike.search(text, from, slots));
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** Counts the characters that a search by backtracking looks at. */
function countSteps(expression: Expression, text: string): number {
  let steps = 0;
  const go = (node: Expression, at: number, then: (at: number) => boolean): boolean => {
    switch (node.kind) {
      case "empty":
        return then(at);
      case "class":
        steps++;
        return at < text.length && includes(node.ranges, text.charCodeAt(at)) && then(at + 1);
      case "look":
        steps++;
        if (node.look === "text-end") return at === text.length && then(at);
        return node.look === "text-start" ? at === 0 && then(at) : then(at);
      case "capture":
        return go(node.sub, at, then);
      case "concat": {
        const rest = (index: number, from: number): boolean =>
          index === node.parts.length
            ? then(from)
            : go(node.parts[index]!, from, (end) => rest(index + 1, end));
        return rest(0, at);
      }
      case "alternate":
        return node.parts.some((part) => go(part, at, then));
      case "repeat": {
        const round = (count: number, from: number): boolean => {
          const again = (): boolean => count < node.max && go(node.sub, from, (end) => round(count + 1, end));
          const leave = (): boolean => count >= node.min && then(from);
          return node.isGreedy ? again() || leave() : leave() || again();
        };
        return round(0, at);
      }
    }
  };
  const isAnchored = startsAnchored(expression);
  for (let start = 0; start <= text.length; start++)
    if (go(expression, start, () => true) || isAnchored) break;
  return steps;
}

test("backtrackingSteps() is never less than what a search by backtracking takes", () => {
  const part = fc.constantFrom(
    ..."a b [ab] [^a] . a* b* .* .*? [ab]+ a+ a? [ab]?? (a*) (.*) (b+) (?:ab)* (?:a|b)+ (?:a|ba)".split(" "),
    ..."(?:ab?)+ (?:a+b)* (?:a|ab)? a{2,3} [ab]{1,3} (?:.*b){2} (a|b|c) (?:b*a|c) ^ $ c".split(" "),
  );
  const source = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(""));
  const text = fc
    .tuple(fc.constantFrom("a", "b", "ab", "aab", "ba", "c", "abc"), fc.integer({ min: 0, max: 14 }))
    .chain(([piece, count]) => fc.constantFrom("", "c", "a", "b").map((end) => piece.repeat(count) + end));
  fc.assert(
    fc.property(source, text, (expressionText, haystack) => {
      const expression = translate(parseSyntax(Array.from(expressionText)).syntax);
      const most = backtrackingSteps(expression, startsAnchored(expression), haystack.length);
      // What is proven of a few steps is counted, all else would take long.
      fc.pre(most < 1e6);
      const taken = countSteps(expression, haystack);
      assert(taken <= most, `${taken} steps, not ${most}`);
    }),
    { numRuns: 3000 },
  );
});

test("backtrackingLengthMax() lets texts of any length through only where steps grow with them", () => {
  const longest = (source: string): number => {
    const expression = translate(parseSyntax(Array.from(source)).syntax);
    return backtrackingLengthMax(expression, startsAnchored(expression));
  };
  for (const source of ["^(\\S+) \\[([^\\]]*)\\] (.*)$", "^.* (\\d+)$", "^(?:GET|POST) ", "[a-z]\\d{1,3}x"])
    assert(longest(source) > 100_000, source);
  for (const source of ["\\d+x", "^.*a.*b$", "(\\w+)=(\\w+)"])
    assert(longest(source) > 100 && longest(source) < 5000, source);
  for (const source of ["(a*)*b", "(a|aa)+$", "(x+x+)+y", "(?:a?){9}b*"])
    assert.equal(longest(source), 0, source);
});

test("Automaton gives up where it would have to keep too much", () => {
  const source = "(?:a|b)*a(?:a|b){12}c";
  const { syntax } = parseSyntax(Array.from(source));
  const program = compileProgram(translate(syntax), 0);
  let bits = 1;
  const text = Array.from({ length: 4000 }, () => {
    bits = (bits >> 1) ^ (bits & 1 ? 0xb4_00 : 0) || 1;
    return bits & 1 ? "a" : "b";
  }).join("");
  assert.equal(new Automaton(program, 0).search(text, 0), GAVE_UP);
  assert.equal(compile(source).test(text), false);
  assert.equal(compile(source).test(`${text}a${"b".repeat(12)}c`), true);
});

test("Regex takes any text as a source and any text to search", () => {
  const source = fc
    .array(fc.constantFrom(...Array.from("()[]{}?*+|\\^$-&~:<>=!,.#xUupPbB019aé\n ")))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(source, fc.string({ unit: "binary" }), (text, haystack) => {
      const regex = Regex.compile(text);
      if (regex instanceof RegexProblem) assert.match(regex.message, /^regex parse error:\n/);
      else assert.equal(regex.test(haystack), regex.findAll(haystack).length > 0);
    }),
  );
});

test("Regex.findAll() gives matches in order that do not overlap", () => {
  fc.assert(
    fc.property(pattern, input, (source, text) => {
      let end = -1;
      for (const match of compile(source).findAll(text)) {
        assert(match.start >= end && match.end >= match.start);
        assert(match.end > end, "an empty match where the one before ends");
        end = match.end;
      }
    }),
  );
});

test("Regex is done soon, whatever the expression and the text", () => {
  const hostile = [
    ["(a*)*b", "a"],
    ["(a|aa)+$", "a"],
    ["(x+x+)+y", "x"],
    ["^(?:a+)+$", "a"],
    [".*.*.*.*=", "a"],
    ["(?:(?:a{0,9}){0,9}){0,9}b", "a"],
    ["(\\w+\\s?)+$", "ab "],
    ["\\d+x", "1"],
  ] as const;
  for (const [source, part] of hostile) {
    const text = `${part.repeat(2000)}!`;
    const regex = compile(source);
    assert.equal(regex.test(text), false, source);
    assert.equal(regex.groups(text), undefined, source);
    assert.equal(regex.findAll(text).length, 0, source);
  }
});

test("Regex.compile() refuses what would take too much memory", () => {
  assert.equal(problem("((a{1000}){1000}){1000}"), "Compiled regex exceeds size limit of 10485760 bytes.");
  assert.equal(problem("(?:(?:\\w{1000}){1000})+"), "Compiled regex exceeds size limit of 10485760 bytes.");
});

test("Regex.compile() refuses deep nesting without going deep itself", () => {
  for (const [open, close] of [
    ["(", ")"],
    ["(?:", ")"],
    ["[", "a]"],
  ] as const) {
    assert.match(problem(open.repeat(50_000)), /unclosed/);
    const nested = `${open.repeat(50_000)}a${close.repeat(50_000)}`;
    assert.match(problem(nested), /exceed the maximum number of nested parentheses\/brackets \(250\)$/);
  }
  assert.match(problem(`a${"*".repeat(50_000)}`), /\(250\)$/);
});

test("Regex prefers what stands first, and the leftmost match", () => {
  assert.equal(first("sam|samwise", "samwise"), "sam");
  assert.equal(first("b|ab", "cab"), "ab");
  assert.equal(first("a+?", "aaa"), "a");
  assert.equal(first("(?U)a+", "aaa"), "a");
  assert.equal(first("(?U)a+?", "aaa"), "aaa");
});

test("Regex keeps a group's last place through the rounds of a loop", () => {
  assert.deepEqual(compile("(?:(a)|b)*").groups("ab"), ["ab", "a"]);
  assert.deepEqual(compile("(a*)*").groups("b"), ["", ""]);
  assert.deepEqual(compile("(?:(a)|(b))+").groups("aba"), ["aba", "a", "b"]);
});

test("Regex knows Unicode unless told otherwise", () => {
  assert.equal(first("\\w+", "—Größe—"), "Größe");
  assert.equal(first("(?-u:\\w+)", "—Größe—"), "Gr");
  assert.equal(first("\\d+", "x٣٤"), "٣٤");
  assert.equal(first("(?i)straße", "STRAẞE"), "STRAẞE");
  assert.equal(first("\\bé\\b", "aé é"), "é");
  assert.equal(first("\\p{Greek}+\\P{gc=Ll}", "abγδΓ"), "γδΓ");
  assert.equal(first("[\\p{L}--[a-z]&&\\p{Ll}]", "ABzé"), "é");
  assert.equal(first("^.$", "😀"), "😀");
});

test("Regex reads flags, comments and classes of classes", () => {
  assert.equal(first("(?x) a # one\n [ b \\ ]+ c", "ab bc"), "ab bc");
  assert.equal(first("(?mR)^b$", "a\r\nb\r\nc"), "b");
  assert.equal(first("(?s)a.b(?-s).", "a\nb\n"), undefined);
  assert.equal(first("[[:^alpha:]&&[^0-9]]", "a1-"), "-");
  assert.equal(first("[]a]+", "x]a]"), "]a]");
  assert.equal(first("[--b]", "-"), "-");
});

test("Regex.groupNames has a name for each group that has one", () => {
  const regex = compile("(?P<year>\\d+)-(\\d+)-(?<day>\\d+)");
  assert.deepEqual(regex.groupNames, [undefined, "year", undefined, "day"]);
  assert.equal(regex.groupCount, 3);
  const match = regex.exec("on 2024-02-29", 3);
  assert.deepEqual([match?.start, match?.end, match?.group(3)], [3, 13, "29"]);
});

test("Regex forgets groups that are never gone through", () => {
  assert.deepEqual(compile("(a)(?P<gone>b){0}").groupNames, [undefined, undefined]);
  assert.deepEqual(compile("(?P<gone>a){0}(b)").groups("b"), ["b", undefined, "b"]);
});

test("Regex.findAll() has no empty match where another ends", () => {
  const places = compile("a*")
    .findAll("baa")
    .map(({ start, end }) => [start, end]);
  assert.deepEqual(places, [
    [0, 0],
    [1, 3],
  ]);
  assert.equal(compile("").findAll("😀b").length, 3);
  assert.equal(compile("[a-z]").findAll("abc", 2).length, 2);
});

test("Regex.testBytes() matches no class with bytes that are no character", () => {
  const bytes = Uint8Array.of(0x61, 0xff, 0x62);
  assert.equal(compile("a").testBytes(bytes), true);
  assert.equal(compile("a.b").testBytes(bytes), false);
  assert.equal(compile("\\bb$").testBytes(bytes), true);
  assert.equal(compile("é").testBytes(Uint8Array.of(0xff, 0xc3, 0xa9)), true);
  assert.equal(compile("^é").testBytes(Uint8Array.of(0xff, 0xc3, 0xa9)), false);
});

test("Regex takes half a surrogate pair for U+FFFD", () => {
  for (const source of ["^\\x{fffd}$", "^.$", "^[^a]$", "^(?:\\x{fffd}{1}){1,2}$"])
    assert.equal(compile(source).test("\ud83d"), true, source);
});

test("Regex.compile() tells what is wrong and where", () => {
  const refused = [
    ["(ab", "(ab", "^", "unclosed group"],
    ["a**)", "a**)", "   ^", "unopened group"],
    ["[z-a]", "[z-a]", " ^^^", "invalid character class range, the start must be <= the end"],
    ["(?<n>a)(?<n>b)", "(?<n>a)(?<n>b)", "   ^      ^", "duplicate capture group name"],
    ["a(?=b)", "a(?=b)", " ^^^", "look-around, including look-ahead and look-behind, is not supported"],
    ["(a)\\1", "(a)\\1", "   ^^", "backreferences are not supported"],
    ["é{9999999999}", "é{9999999999}", "  ^^^^^^^^^^", "decimal literal invalid"],
    ["\\p{Klingon}", "\\p{Klingon}", "^^^^^^^^^^^", "Unicode property not found"],
  ] as const;
  for (const [source, told, mark, message] of refused)
    assert.equal(problem(source), `regex parse error:\n    ${told}\n    ${mark}\nerror: ${message}`);
});

test("Regex.compile() numbers the lines of a source that has several", () => {
  const line = "~".repeat(79);
  assert.equal(
    problem("(?x)\na [\n"),
    `regex parse error:\n${line}\n1: (?x)\n2: a [\n${line}\non line 2 (column 3) through line 3 (column 0)\n` +
      "error: unclosed character class",
  );
});
