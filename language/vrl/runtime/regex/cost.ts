/**
 * How many steps a backtracking engine may take at most, as a polynomial in the length of the text. The host's engine is
 * quick and backtracks, so it gets only expressions and texts for which this proves that it cannot take long.
 *
 * The rule. A backtracking search visits every way through the expression that fits the text, until one gets to the
 * end. For each part of an expression are counted
 * - its ways: how often at most what follows it is tried beyond its first character;
 * - its steps: those within it, with all ways through it.
 * A sequence has the product of its parts' ways, and each part's steps are taken as often as the parts before it have
 * ways. Branches and rounds of a loop are not several ways where the next character alone tells them apart: where the
 * branches begin with different characters, or where no character begins both a round and what follows the loop. Then
 * all but one end at that character, which is one step. A loop that is not told apart has a way for each number of
 * rounds, as many as the text has characters; one whose rounds have several ways themselves has no polynomial, and
 * neither has a part that may be empty within a loop: then nothing is proven.
 * An expression that may begin anywhere is tried from each character, so everything counts that often.
 * A loop of single characters ends at another place for each number of rounds, so what follows is tried from each place
 * once at most; and where that goes through the text without meeting itself (its loops begin behind a character that
 * cannot be in them), all these tries together are one walk through the text.
 * The end of the whole is reached once and nothing comes back from there: a last loop is gone through once by the way
 * that succeeds, all others have failed at its first character.
 */
import { isNullable, type Expression, type RepeatExpression } from "./expression.ts";
import { areDisjoint, none, union, type Ranges } from "./ranges.ts";

/** Coefficients by power of the text's length. */
type Polynomial = readonly number[];

/** Powers beyond this one would allow hardly any text. */
const DEGREE_MAX = 4;

/** Of steps in all: a few milliseconds of the host's at most, and as a rule far less. */
const STEPS_MAX = 4_000_000;

/** Lengths that are tried: no text is longer than what the host's stack for ways back surely holds. */
const LENGTH_MAX = 1 << 18;

interface Cost {
  readonly ways: Polynomial;
  readonly steps: Polynomial;
  /** Steps of those ways through it that do not get to its end. */
  readonly failingSteps: Polynomial;
}

/** Where nothing is proven. */
class Unproven extends Error {}

/** The longest text that may be searched by backtracking, in UTF-16 units; 0: none. */
export function backtrackingLengthMax(expression: Expression, isAnchored: boolean): number {
  const total = stepsOf(expression, isAnchored);
  if (total === undefined) return 0;
  // What grows with the text alone is as good as any engine.
  if (total.length <= 2) return LENGTH_MAX;
  let length = LENGTH_MAX;
  while (length > 0 && valueAt(total, length) > STEPS_MAX) length = Math.floor(length * 0.9);
  return length;
}

/** How many steps a search by backtracking takes at most; `Infinity`: nothing is proven. */
export function backtrackingSteps(expression: Expression, isAnchored: boolean, length: number): number {
  const total = stepsOf(expression, isAnchored);
  return total === undefined ? Infinity : valueAt(total, length);
}

/** Undefined: nothing is proven. */
function stepsOf(expression: Expression, isAnchored: boolean): Polynomial | undefined {
  try {
    const { steps, failingSteps } = costOf(expression, none, true);
    return add(isAnchored ? failingSteps : multiply([1, 1], failingSteps), steps);
  } catch (error) {
    if (error instanceof Unproven) return undefined;
    throw error;
  }
}

/**
 * `follow`: the characters what comes next can begin with, all where it may also be empty; nothing follows the end of
 * the whole, where `isLast`.
 */
function costOf(expression: Expression, follow: Ranges, isLast: boolean): Cost {
  switch (expression.kind) {
    case "empty":
      return { ways: [1], steps: [], failingSteps: [] };
    case "class":
      return { ways: [1], steps: [1], failingSteps: [1] };
    case "look":
      return { ways: [1], steps: [LOOK_STEPS], failingSteps: [LOOK_STEPS] };
    case "capture": {
      const { ways, steps, failingSteps } = costOf(expression.sub, follow, isLast);
      return { ways, steps: add(steps, [1]), failingSteps: add(failingSteps, [1]) };
    }
    case "concat":
      return costOfSequence(expression.parts, follow, isLast);
    case "alternate":
      return costOfBranches(expression.parts, follow, isLast);
    case "repeat":
      return costOfLoop(expression, follow, isLast);
  }
}

/** A look behind or ahead that stands for a boundary is four looks. */
const LOOK_STEPS = 4;

function costOfSequence(parts: readonly Expression[], follow: Ranges, isLast: boolean): Cost {
  let after: Cost = { ways: [1], steps: [], failingSteps: [] };
  // Of what comes after, tried from each place of the text once.
  let total: Polynomial = [];
  let next = follow;
  let last = isLast;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index]!;
    const own = costOf(part, next, last);
    const ownSteps = last ? own.failingSteps : own.steps;
    const afterSteps = isLast ? after.failingSteps : after.steps;
    const loop = classLoop(part);
    const retried = multiply(own.ways, afterSteps);
    // A loop ends at another place each time.
    const failingSteps = add(ownSteps, loop === undefined ? retried : lesser(retried, total));
    const isInjective = leadsApart(part, parts[index - 1], own.ways);
    total = lesser(
      multiply([1, 1], failingSteps),
      isInjective ? add(stepsFromAll(ownSteps), total) : multiply([1, 1], failingSteps),
    );
    const failedBefore = multiply(lessOne(own.ways), afterSteps);
    after = {
      ways: multiply(own.ways, after.ways),
      // The way that gets to the end of the whole is the last that is tried.
      steps: isLast
        ? add(
            add(own.steps, loop === undefined ? failedBefore : lesser(failedBefore, failingSteps)),
            after.steps,
          )
        : failingSteps,
      failingSteps,
    };
    next = beginning(part, next);
    // Only what is empty may stand after what is last.
    last &&= part.kind === "empty";
  }
  return after;
}

/** The loop of one class that it is, within groups or not. */
function classLoop(part: Expression): Ranges | undefined {
  if (part.kind === "capture") return classLoop(part.sub);
  return part.kind === "repeat" && part.sub.kind === "class" ? part.sub.ranges : undefined;
}

/**
 * Whether it has one way only and leads from different places to different places. A loop does where a character before
 * it cannot be in it: then no two begin in the same run of characters, and all together go through the text once.
 */
function leadsApart(part: Expression, before: Expression | undefined, ways: Polynomial): boolean {
  if (part.kind === "capture") return leadsApart(part.sub, before, ways);
  if (part.kind === "class" || part.kind === "look" || part.kind === "empty") return true;
  const ranges = classLoop(part);
  const ending = before && lastCharacters(before);
  if (ranges === undefined || ending === undefined) return false;
  return ways.length === 1 && ways[0]! <= 1 && areDisjoint(ranges, ending);
}

/** What its last character can be; undefined: it may have none, or nobody knows. */
function lastCharacters(part: Expression): Ranges | undefined {
  switch (part.kind) {
    case "class":
      return part.ranges;
    case "capture":
      return lastCharacters(part.sub);
    case "repeat":
      return part.min > 0 ? lastCharacters(part.sub) : undefined;
    case "concat": {
      const last = part.parts.at(-1);
      return last && lastCharacters(last);
    }
    case "empty":
    case "look":
    case "alternate":
      return undefined;
  }
}

/** From every place of the text, where what is gone through from one is not gone through from another. */
function stepsFromAll([constant = 0, growing = 0]: Polynomial): Polynomial {
  return [constant, constant + growing];
}

/** Which of two bounds is the lower for a long text. */
function lesser(left: Polynomial, right: Polynomial): Polynomial {
  return valueAt(left, LONG) <= valueAt(right, LONG) ? left : right;
}

const LONG = 10_000;

function costOfBranches(parts: readonly Expression[], follow: Ranges, isLast: boolean): Cost {
  const costs = parts.map((part) => costOf(part, follow, isLast));
  const tries = [2 * parts.length];
  const areApart = parts.every(
    (part, index) =>
      !isNullable(part) &&
      parts.slice(index + 1).every((other) => areDisjoint(beginning(part, follow), beginning(other, follow))),
  );
  const combine = areApart ? greatestAndTries : add;
  return {
    ways: costs.map(({ ways }) => ways).reduce(areApart ? greatest : add, []),
    steps: add(costs.map(({ steps }) => steps).reduce(combine, []), tries),
    failingSteps: add(costs.map(({ failingSteps }) => failingSteps).reduce(combine, []), tries),
  };
}

function costOfLoop({ sub, min, max }: RepeatExpression, follow: Ranges, isLast: boolean): Cost {
  if (max === 0) return { ways: [1], steps: [], failingSteps: [] };
  // Engines do not agree on rounds that are empty.
  if (isNullable(sub) && !(min === 1 && max === 1)) throw new Unproven();
  const first = beginning(sub, none);
  const isApart = areDisjoint(first, follow) && !isLast;
  // A round is followed by another one or by what follows the loop.
  const round = costOf(sub, max === 1 ? follow : union(first, follow), isLast && max === 1);
  const isSingle = round.ways.length === 1 && round.ways[0]! <= 1;
  if (max === Infinity || max * sizeOf(sub) > UNROLLED_MAX) {
    if (!isSingle) throw new Unproven();
    // On one way no place of the text is visited twice by the same part.
    const steps = [sizeOf(sub) * 2 + 2, sizeOf(sub) + 2];
    const ways = isApart ? [1] : max === Infinity ? [1, 1] : [max - min + 1];
    return { ways, steps, failingSteps: sub.kind === "class" && isLast ? [min + 1] : steps };
  }
  // Rounds one after the other, with a way for each number of them.
  let after: Cost = { ways: [], steps: [], failingSteps: [] };
  for (let count = max; count >= 0; count--) {
    const canEnd = count >= min ? 1 : 0;
    const goesOn = count < max;
    const onward = goesOn ? multiply(round.ways, after.ways) : [];
    const steps = goesOn ? add(round.steps, multiply(round.ways, after.steps)) : [];
    after = {
      ways: canEnd === 0 ? onward : goesOn && isApart ? greatest(onward, [1]) : add(onward, [1]),
      steps: add(steps, [1]),
      failingSteps: add(steps, [1]),
    };
  }
  return after;
}

/** Loops of more steps than this are counted as if they had no end. */
const UNROLLED_MAX = 64;

/** The characters it can begin with, when `follow` comes after it. */
function beginning(expression: Expression, follow: Ranges): Ranges {
  switch (expression.kind) {
    case "empty":
      return follow;
    case "class":
      return expression.ranges;
    case "look":
      // At the end there is no character.
      return expression.look === "text-end" ? none : follow;
    case "capture":
      return beginning(expression.sub, follow);
    case "concat": {
      let next = follow;
      for (let index = expression.parts.length - 1; index >= 0; index--)
        next = beginning(expression.parts[index]!, next);
      return next;
    }
    case "alternate":
      return expression.parts.map((part) => beginning(part, follow)).reduce(union, none);
    case "repeat": {
      const first = beginning(expression.sub, follow);
      return expression.min === 0 ? union(first, follow) : first;
    }
  }
}

/** How many steps one way through it has, loops gone through once. */
function sizeOf(expression: Expression): number {
  switch (expression.kind) {
    case "capture":
      return 1 + sizeOf(expression.sub);
    case "repeat":
      return (
        2 +
        sizeOf(expression.sub) * (expression.max === Infinity ? Math.max(1, expression.min) : expression.max)
      );
    case "concat":
    case "alternate":
      return expression.parts.reduce((sum, part) => sum + 1 + sizeOf(part), 1);
    case "look":
      return LOOK_STEPS;
    case "class":
    case "empty":
      return 1;
  }
}

function add(left: Polynomial, right: Polynomial): Polynomial {
  return Array.from(
    { length: Math.max(left.length, right.length) },
    (_, power) => (left[power] ?? 0) + (right[power] ?? 0),
  );
}

function greatest(left: Polynomial, right: Polynomial): Polynomial {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, power) =>
    Math.max(left[power] ?? 0, right[power] ?? 0),
  );
}

/** The greater of what grows, and the sum of what does not: so much those may take that end at once. */
function greatestAndTries(left: Polynomial, right: Polynomial): Polynomial {
  return greatest(left, right).map((coefficient, power) =>
    power === 0 ? (left[0] ?? 0) + (right[0] ?? 0) : coefficient,
  );
}

function lessOne([ways = 0, ...growing]: Polynomial): Polynomial {
  return [Math.max(0, ways - 1), ...growing];
}

function multiply(left: Polynomial, right: Polynomial): Polynomial {
  if (left.length === 0 || right.length === 0) return [];
  const product = Array.from({ length: left.length + right.length - 1 }, () => 0);
  for (const [power, factor] of left.entries())
    for (const [other, coefficient] of right.entries())
      product[power + other] = product[power + other]! + factor * coefficient;
  if (product.length - 1 > DEGREE_MAX) throw new Unproven();
  return product;
}

function valueAt(polynomial: Polynomial, length: number): number {
  return polynomial.reduceRight((sum, coefficient) => sum * length + coefficient, 0);
}
