/**
 * Runs a program over a text in time linear in its length, whatever the program: all steps it may be at go forward
 * together, each at most once for every character (Pike's machine). Those that are preferred come first.
 */
import { wordHolds } from "./word-look.ts";
import { NO_CHARACTER, REPLACEMENT } from "./alphabet.ts";
import { LookClass, Step, looks, type Program } from "./program.ts";

/** What no search has set. */
const UNSET = -1;

/** Steps in order of preference, with the places each has noted on its way. */
class Threads {
  readonly order: Int32Array;
  readonly #rank: Int32Array;
  places: Int32Array = new Int32Array(0);
  count = 0;

  constructor(stepCount: number) {
    this.order = new Int32Array(stepCount);
    this.#rank = new Int32Array(stepCount);
  }

  /** False: it is there already. */
  add(step: number): boolean {
    const rank = this.#rank[step]!;
    if (rank < this.count && this.order[rank] === step) return false;
    this.#rank[step] = this.count;
    this.order[this.count++] = step;
    return true;
  }
}

/** One is enough for a program: a search leaves nothing behind. */
export class Pike {
  readonly #program: Program;
  #now: Threads;
  #next: Threads;
  #slots = 0;
  /** Places of the path that is being followed. */
  #path: Int32Array;
  /** Steps to come back to; and slots to set back, as `-1 - slot` above what they were. */
  readonly #stack: number[] = [];
  #text = "";
  /** Whether halves of pairs are bytes that are no character, else they stand for U+FFFD. */
  #isBytes = false;

  constructor(program: Program) {
    this.#program = program;
    this.#now = new Threads(program.kinds.length);
    this.#next = new Threads(program.kinds.length);
    this.#path = new Int32Array(program.slotCount);
  }

  /**
   * The places of the leftmost match at or after `from`, by slot, -1 where a group took no part; undefined: none. What
   * comes before `from` counts for looks. `slots`: how many are asked for; with none the first match that is seen ends
   * the search and the answer is empty.
   */
  search(text: string, from: number, slots: number, isBytes: boolean = false): Int32Array | undefined {
    if (text.length - from < this.#program.lengthMin) return undefined;
    this.#text = text;
    this.#isBytes = isBytes;
    this.#slots = slots;
    const size = slots * this.#program.kinds.length;
    if (this.#now.places.length < size) {
      this.#now.places = new Int32Array(size);
      this.#next.places = new Int32Array(size);
    }
    try {
      return this.#run(from);
    } finally {
      this.#text = "";
    }
  }

  #run(from: number): Int32Array | undefined {
    const { kinds, firsts, seconds, start, alphabet, isAnchored } = this.#program;
    const slots = this.#slots;
    let found: Int32Array | undefined;
    let at = from;
    this.#now.count = 0;
    while (true) {
      const now = this.#now;
      if (found === undefined && (!isAnchored || at === 0)) {
        this.#path.fill(UNSET);
        this.#follow(now, start, at);
      }
      if (now.count === 0) {
        if (found !== undefined || isAnchored || at >= this.#text.length) return found;
      }
      const code = this.#codeAt(at);
      const after = at + (code > 0xff_ff && code !== NO_CHARACTER ? 2 : 1);
      const symbol = code < 0 ? UNSET : alphabet.symbolOf(code);
      const next = this.#next;
      next.count = 0;
      for (let rank = 0; rank < now.count; rank++) {
        const step = now.order[rank]!;
        const kind = kinds[step]!;
        if (kind === Step.match) {
          found = now.places.slice(step * slots, (step + 1) * slots);
          if (slots === 0) return found;
          // What comes after it is less preferred.
          break;
        }
        if (kind === Step.class && symbol !== UNSET && alphabet.holds(firsts[step]!, symbol)) {
          for (let slot = 0; slot < slots; slot++) this.#path[slot] = now.places[step * slots + slot]!;
          this.#follow(next, seconds[step]!, after);
        }
      }
      if (symbol === UNSET) return found;
      this.#now = next;
      this.#next = now;
      at = after;
      if (next.count === 0 && found !== undefined) return found;
    }
  }

  /** Adds all steps that `step` leads to without a character. */
  #follow(threads: Threads, step: number, at: number): void {
    const { kinds, firsts, seconds } = this.#program;
    const path = this.#path;
    const stack = this.#stack;
    const slots = this.#slots;
    stack.push(step);
    while (stack.length > 0) {
      let now = stack.pop()!;
      if (now < 0) {
        path[-1 - now] = stack.pop()!;
        continue;
      }
      while (threads.add(now)) {
        const kind = kinds[now]!;
        if (kind === Step.split) {
          stack.push(seconds[now]!);
          now = firsts[now]!;
        } else if (kind === Step.save) {
          const slot = firsts[now]!;
          if (slot < slots) {
            stack.push(path[slot]!, -1 - slot);
            path[slot] = at;
          }
          now = seconds[now]!;
        } else if (kind === Step.look) {
          if (!this.#holds(firsts[now]!, at)) break;
          now = seconds[now]!;
        } else {
          for (let slot = 0; slot < slots; slot++) threads.places[now * slots + slot] = path[slot]!;
          break;
        }
      }
    }
  }

  /** -1 at the end. */
  #codeAt(at: number): number {
    const text = this.#text;
    if (at >= text.length) return UNSET;
    const unit = text.charCodeAt(at);
    if (unit < 0xd8_00 || unit > 0xdf_ff) return unit;
    const code = text.codePointAt(at)!;
    if (code > 0xff_ff) return code;
    return this.#isBytes ? NO_CHARACTER : REPLACEMENT;
  }

  #codeBefore(at: number): number {
    if (at <= 0) return UNSET;
    const unit = this.#text.charCodeAt(at - 1);
    const isPair =
      unit >= 0xdc_00 && unit <= 0xdf_ff && at > 1 && (this.#text.charCodeAt(at - 2) & 0xfc_00) === 0xd8_00;
    return this.#codeAt(isPair ? at - 2 : at - 1);
  }

  #isOf(classId: number, code: number): boolean {
    const { alphabet } = this.#program;
    return code >= 0 && alphabet.holds(classId, alphabet.symbolOf(code));
  }

  #holds(look: number, at: number): boolean {
    switch (looks[look]!) {
      case "text-start":
        return at === 0;
      case "text-end":
        return at >= this.#text.length;
      case "line-start":
        return at === 0 || this.#codeBefore(at) === 0x0a;
      case "line-end":
        return at >= this.#text.length || this.#codeAt(at) === 0x0a;
      case "crlf-line-start": {
        const before = this.#codeBefore(at);
        return at === 0 || before === 0x0a || (before === 0x0d && this.#codeAt(at) !== 0x0a);
      }
      case "crlf-line-end": {
        const after = this.#codeAt(at);
        return after < 0 || after === 0x0d || (after === 0x0a && this.#codeBefore(at) !== 0x0d);
      }
      case "boundary":
      case "boundary-ascii":
      case "no-boundary":
      case "no-boundary-ascii":
      case "word-end":
      case "word-end-ascii":
      case "word-end-half":
      case "word-end-half-ascii":
      case "word-start":
      case "word-start-ascii":
      case "word-start-half":
      case "word-start-half-ascii":
        return this.#wordHolds(look, at);
    }
  }

  #wordHolds(look: number, at: number): boolean {
    const name = looks[look]!;
    const classId = name.endsWith("-ascii") ? LookClass.asciiWord : LookClass.word;
    const before = this.#isOf(classId, this.#codeBefore(at));
    const after = this.#isOf(classId, this.#codeAt(at));
    return wordHolds(name, before, after);
  }
}
