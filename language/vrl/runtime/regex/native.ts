/**
 * Writes an expression for the host's own engine, where that gives the same matches and groups. Classes are written out,
 * so the two ways know the same characters. A half of a surrogate pair counts as U+FFFD, which it stands for.
 */
import { groupIndices, isNullable, startsAnchored, type Expression, type Look } from "./expression.ts";
import { includes, negate, subtract, union, type Ranges } from "./ranges.ts";
import { wordRanges } from "./perl-classes.ts";

const SURROGATES: Ranges = [0xd8_00, 0xdf_ff];
const REPLACEMENT = 0xff_fd;

/** More than this of text the host would take long to compile, or refuse. */
const SOURCE_LENGTH_MAX = 1 << 16;

/** For mode `u`; undefined: the host's engine does not agree, or the text is too long. */
export function nativeSource(expression: Expression): string | undefined {
  // The host would find what is empty between the halves of a pair, too.
  if (isNullable(expression) && !startsAnchored(expression)) return undefined;
  // The host counts groups as they come, and some may be missing.
  if (!groupsAgree(expression) || groupIndices(expression).some((index, rank) => index !== rank + 1))
    return undefined;
  const source = write(expression);
  return source.length > SOURCE_LENGTH_MAX ? undefined : source;
}

/**
 * In each round of a loop the host forgets the groups of the round before; here they stay until they are set anew. That
 * is the same where each round sets them.
 */
function groupsAgree(expression: Expression): boolean {
  switch (expression.kind) {
    case "capture":
      return groupsAgree(expression.sub);
    case "concat":
    case "alternate":
      return expression.parts.every(groupsAgree);
    case "repeat":
      return (expression.max <= 1 || setsAllGroups(expression.sub)) && groupsAgree(expression.sub);
    case "class":
    case "empty":
    case "look":
      return true;
  }
}

function setsAllGroups(expression: Expression): boolean {
  switch (expression.kind) {
    case "capture":
      return setsAllGroups(expression.sub);
    case "concat":
      return expression.parts.every(setsAllGroups);
    case "alternate":
      return !expression.parts.some(hasGroup);
    case "repeat":
      return expression.min > 0 ? setsAllGroups(expression.sub) : !hasGroup(expression.sub);
    case "class":
    case "empty":
    case "look":
      return true;
  }
}

function hasGroup(expression: Expression): boolean {
  switch (expression.kind) {
    case "capture":
      return true;
    case "concat":
    case "alternate":
      return expression.parts.some(hasGroup);
    case "repeat":
      return hasGroup(expression.sub);
    case "class":
    case "empty":
    case "look":
      return false;
  }
}

function write(expression: Expression): string {
  switch (expression.kind) {
    case "empty":
      return "";
    case "class":
      return writeClass(expression.ranges);
    case "look":
      return writeLook(expression.look);
    case "capture":
      return `(${write(expression.sub)})`;
    case "concat":
      return expression.parts
        .map((part) => (part.kind === "alternate" ? grouped(part) : write(part)))
        .join("");
    case "alternate":
      return expression.parts.map(write).join("|");
    case "repeat": {
      const { sub, min, max, isGreedy } = expression;
      const body = sub.kind === "class" || sub.kind === "capture" ? write(sub) : grouped(sub);
      return body + writeCount(min, max) + (isGreedy ? "" : "?");
    }
  }
}

function grouped(expression: Expression): string {
  return `(?:${write(expression)})`;
}

function writeCount(min: number, max: number): string {
  if (min === 0 && max === 1) return "?";
  if (max === Infinity) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function writeClass(ranges: Ranges): string {
  const own = includes(ranges, REPLACEMENT) ? union(ranges, SURROGATES) : subtract(ranges, SURROGATES);
  if (own.length === 2 && own[0] === own[1]) return writeCharacter(own[0]!);
  const rest = negate(own);
  return rest.length < own.length ? `[^${writeRanges(rest)}]` : `[${writeRanges(own)}]`;
}

function writeRanges(ranges: Ranges): string {
  let text = "";
  for (let index = 0; index < ranges.length; index += 2) {
    const [first, last] = [ranges[index]!, ranges[index + 1]!];
    text += writeCharacter(first);
    if (last > first) text += (last > first + 1 ? "-" : "") + writeCharacter(last);
  }
  return text;
}

function writeCharacter(code: number): string {
  const character = String.fromCodePoint(code);
  return /^[A-Za-z0-9_ ]$/.test(character) ? character : `\\u{${code.toString(16)}}`;
}

function writeLook(look: Look): string {
  switch (look) {
    case "text-start":
      return "^";
    case "text-end":
      return "$";
    case "line-start":
      return "(?<![^\\n])";
    case "line-end":
      return "(?![^\\n])";
    case "crlf-line-start":
      return "(?:(?<![^\\n])|(?<=\\r)(?!\\n))";
    case "crlf-line-end":
      return "(?:(?![^\\r])|(?=\\n)(?<!\\r))";
    case "boundary-ascii":
      return "\\b";
    case "no-boundary-ascii":
      return "\\B";
    case "boundary":
    case "no-boundary":
    case "word-end":
    case "word-end-ascii":
    case "word-end-half":
    case "word-end-half-ascii":
    case "word-start":
    case "word-start-ascii":
    case "word-start-half":
    case "word-start-half-ascii":
      return writeWordLook(look);
  }
}

function writeWordLook(look: Look): string {
  const word = look.endsWith("-ascii") ? "\\w" : writeClass(wordRanges());
  const [before, notBefore] = [`(?<=${word})`, `(?<!${word})`];
  const [after, notAfter] = [`(?=${word})`, `(?!${word})`];
  switch (look.replace("-ascii", "")) {
    case "boundary":
      return `(?:${before}${notAfter}|${notBefore}${after})`;
    case "no-boundary":
      return `(?:${before}${after}|${notBefore}${notAfter})`;
    case "word-start":
      return notBefore + after;
    case "word-end":
      return before + notAfter;
    case "word-start-half":
      return notBefore;
    default:
      return notAfter;
  }
}
