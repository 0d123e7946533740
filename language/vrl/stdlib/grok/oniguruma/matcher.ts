/**
 * Runs a program over a text, going back to the last choice where it does not match. Its stack is an array, so neither
 * long texts nor deep expressions overflow anything, and it ends: after so many steps it gives up, as Oniguruma does
 * after so many retries. Costs tens of nanoseconds a step.
 */
import { WORDS } from "./character-set.ts";
import { anchorNumbers, Mode, Op, type Program } from "./compile.ts";

/** About a quarter of a second; a line that matches takes some thousands. */
const STEPS_MAX = 10_000_000;
/** Four numbers each. */
const FRAMES_MAX = 1 << 20;

/** What frames on the stack are beside choices, whose first number is where in the program to go on. */
const Frame = {
  /** slot, its value before */
  slot: -1,
  /** register, its value before */
  register: -2,
  /** operation, place, first place */
  greedy: -3,
  /** operation, place, characters that may yet be taken (-1: any number) */
  lazy: -4,
} as const;

const FRAME = 4;

export class Matcher {
  readonly #program: Program;
  /** Start and end of the whole match and of each group; -1: it is not part of the match. Kept until the next match. */
  readonly slots: Int32Array;
  /** By register: where a part or round began, and how high the stack was. */
  readonly #places: Int32Array;
  readonly #heights: Int32Array;
  #stack: Int32Array = new Int32Array(256 * FRAME);
  #height: number = 0;
  #steps: number = 0;

  constructor(program: Program) {
    this.#program = program;
    this.slots = new Int32Array((program.groupCount + 1) * 2);
    this.#places = new Int32Array(program.registerCount);
    this.#heights = new Int32Array(program.registerCount);
  }

  /** Looks for the first match at or after `from`. `exhausted`: it would take too many steps. */
  search(text: string, from: number = 0): "found" | "none" | "exhausted" {
    const { firstUnits, isAnchored } = this.#program;
    this.#steps = STEPS_MAX;
    const last = isAnchored ? 0 : text.length;
    for (let start = from; start <= last; start++) {
      if (firstUnits !== undefined) {
        const unit = text.charCodeAt(start);
        if (start === text.length) break;
        if (firstUnits[unit < 128 ? unit : 128] === 0) continue;
      }
      if (isLow(text.charCodeAt(start)) && start > 0 && isHigh(text.charCodeAt(start - 1))) continue;
      const outcome = this.#run(text, start);
      if (outcome !== "none") return outcome;
    }
    return "none";
  }

  #run(text: string, start: number): "found" | "none" | "exhausted" {
    const { code, sets } = this.#program;
    const { slots } = this;
    slots.fill(-1);
    this.#height = 0;
    let pc = 0;
    let at = start;
    for (;;) {
      if (--this.#steps < 0) return "exhausted";
      let matches = true;
      switch (code[pc]!) {
        case Op.unit:
          matches = text.charCodeAt(at) === code[pc + 1];
          at++;
          pc += 2;
          break;
        case Op.set: {
          const point = text.codePointAt(at);
          matches = point !== undefined && sets[code[pc + 1]!]!.has(point);
          at += point !== undefined && point > 0xff_ff ? 2 : 1;
          pc += 2;
          break;
        }
        case Op.split:
          if (!this.#push(code[pc + 2]!, at, 0, 0)) return "exhausted";
          pc = code[pc + 1]!;
          break;
        case Op.jump:
          pc = code[pc + 1]!;
          break;
        case Op.save: {
          const slot = code[pc + 1]!;
          if (!this.#push(Frame.slot, slot, slots[slot]!, 0)) return "exhausted";
          slots[slot] = at;
          pc += 2;
          break;
        }
        case Op.match:
          return "found";
        case Op.anchor:
          matches = isAt(code[pc + 1]!, text, at);
          pc += 2;
          break;
        case Op.repeatSet: {
          const next = this.#repeatSet(text, at, pc);
          if (next === OUT_OF_FRAMES) return "exhausted";
          matches = next >= 0;
          at = next;
          pc += 6;
          break;
        }
        case Op.open: {
          const register = code[pc + 1]!;
          this.#places[register] = at;
          this.#heights[register] = this.#height;
          pc += 2;
          break;
        }
        case Op.close:
          this.#dropChoices(this.#heights[code[pc + 1]!]!);
          pc += 2;
          break;
        case Op.closeAndReturn:
          this.#dropChoices(this.#heights[code[pc + 1]!]!);
          at = this.#places[code[pc + 1]!]!;
          pc += 2;
          break;
        case Op.closeAndFail:
          this.#unwind(this.#heights[code[pc + 1]!]!);
          matches = false;
          break;
        case Op.back:
          at = back(text, at, code[pc + 1]!);
          matches = at >= 0;
          pc += 2;
          break;
        case Op.isAtOpening:
          matches = at === this.#places[code[pc + 1]!];
          pc += 2;
          break;
        case Op.beginRound: {
          const register = code[pc + 1]!;
          if (!this.#push(Frame.register, register, this.#places[register]!, 0)) return "exhausted";
          this.#places[register] = at;
          pc += 2;
          break;
        }
        case Op.endRound:
          pc = this.#places[code[pc + 1]!] === at ? code[pc + 2]! : pc + 3;
          break;
        case Op.reference: {
          const count = code[pc + 2]!;
          at = this.#reference(text, at, pc, count);
          matches = at >= 0;
          pc += 3 + count;
          break;
        }
        default:
          return "none";
      }
      if (matches) continue;
      pc = this.#backtrack(text);
      if (pc === -1) return "none";
      at = this.#resumeAt;
    }
  }

  /** Where the text goes on after `#backtrack`. */
  #resumeAt: number = 0;

  /** Goes back to the last choice; where the program goes on, or -1: there is none. */
  #backtrack(text: string): number {
    const { code } = this.#program;
    while (this.#height > 0) {
      const frame = this.#height - FRAME;
      const stack = this.#stack;
      const kind = stack[frame]!;
      if (kind >= 0) {
        this.#height = frame;
        this.#resumeAt = stack[frame + 1]!;
        return kind;
      }
      const first = stack[frame + 1]!;
      const second = stack[frame + 2]!;
      if (kind === Frame.slot) {
        this.slots[first] = second;
        this.#height = frame;
      } else if (kind === Frame.register) {
        this.#places[first] = second;
        this.#height = frame;
      } else if (kind === Frame.greedy) {
        const place = this.#giveBack(text, second, stack[frame + 3]!, code[first + 5]!);
        if (place <= stack[frame + 3]!) this.#height = frame;
        else stack[frame + 2] = place;
        if (place < 0) continue;
        this.#resumeAt = place;
        return first + 6;
      } else {
        const place = this.#takeMore(text, frame);
        if (place < 0) {
          this.#height = frame;
          continue;
        }
        this.#resumeAt = place;
        return first + 6;
      }
    }
    return -1;
  }

  /** The next place towards `first` where the unit that follows stands; -1: there is none. */
  #giveBack(text: string, from: number, first: number, unit: number): number {
    let place = from;
    while (place > first) {
      place--;
      if (place > first && isLow(text.charCodeAt(place)) && isHigh(text.charCodeAt(place - 1))) place--;
      this.#steps--;
      if (unit === -1 || text.charCodeAt(place) === unit) return place;
    }
    return -1;
  }

  /** Takes characters of a lazy repeat until the unit that follows stands there; -1: it cannot. */
  #takeMore(text: string, frame: number): number {
    const { code, sets } = this.#program;
    const stack = this.#stack;
    const operation = stack[frame + 1]!;
    const set = sets[code[operation + 1]!]!;
    const unit = code[operation + 5]!;
    let place = stack[frame + 2]!;
    let left = stack[frame + 3]!;
    while (left !== 0) {
      const point = text.codePointAt(place);
      if (point === undefined || !set.has(point)) return -1;
      place += point > 0xff_ff ? 2 : 1;
      if (left > 0) left--;
      this.#steps--;
      if (unit === -1 || text.charCodeAt(place) === unit) {
        stack[frame + 2] = place;
        stack[frame + 3] = left;
        return place;
      }
    }
    return -1;
  }

  /** Where the repeat ends at first; -1: it does not match. */
  #repeatSet(text: string, start: number, operation: number): number {
    const { code, sets } = this.#program;
    const set = sets[code[operation + 1]!]!;
    const min = code[operation + 2]!;
    const max = code[operation + 3]!;
    const mode = code[operation + 4]!;
    const wanted = mode === Mode.lazy ? min : max;
    let place = start;
    let first = min === 0 ? start : -1;
    let count = 0;
    while (count !== wanted) {
      const point = text.codePointAt(place);
      if (point === undefined || !set.has(point)) break;
      place += point > 0xff_ff ? 2 : 1;
      if (++count === min) first = place;
    }
    this.#steps -= count;
    if (count < min) return -1;
    const unit = code[operation + 5]!;
    if (mode === Mode.possessive) return place;
    if (mode === Mode.lazy) {
      const left = max === -1 ? -1 : max - min;
      if (left === 0) return place;
      if (!this.#push(Frame.lazy, operation, place, left)) return OUT_OF_FRAMES;
      return place;
    }
    if (place > first && !this.#push(Frame.greedy, operation, place, first)) return OUT_OF_FRAMES;
    // What follows tells at once whether all that was taken is too much; if so, the frame gives back.
    return unit === -1 || text.charCodeAt(place) === unit ? place : -1;
  }

  #reference(text: string, at: number, operation: number, count: number): number {
    const { code } = this.#program;
    for (let index = count - 1; index >= 0; index--) {
      const group = code[operation + 3 + index]!;
      const start = this.slots[group * 2]!;
      const end = this.slots[group * 2 + 1]!;
      if (start === -1 || end === -1) continue;
      const length = end - start;
      this.#steps -= length;
      const captured = text.slice(start, end);
      const here = text.slice(at, at + length);
      const isSame =
        code[operation + 1] === 0 ? here === captured : here.toLowerCase() === captured.toLowerCase();
      return isSame ? at + length : -1;
    }
    return -1;
  }

  #push(kind: number, first: number, second: number, third: number): boolean {
    const height = this.#height;
    if (height === this.#stack.length) {
      if (height >= FRAMES_MAX * FRAME) return false;
      const larger = new Int32Array(height * 2);
      larger.set(this.#stack);
      this.#stack = larger;
    }
    const stack = this.#stack;
    stack[height] = kind;
    stack[height + 1] = first;
    stack[height + 2] = second;
    stack[height + 3] = third;
    this.#height = height + FRAME;
    return true;
  }

  /** Drops the choices above; what restores slots and registers stays for those below. */
  #dropChoices(height: number): void {
    const stack = this.#stack;
    let kept = height;
    for (let frame = height; frame < this.#height; frame += FRAME) {
      const kind = stack[frame]!;
      if (kind !== Frame.slot && kind !== Frame.register) continue;
      if (kept !== frame) stack.copyWithin(kept, frame, frame + FRAME);
      kept += FRAME;
    }
    this.#steps -= (this.#height - height) / FRAME;
    this.#height = kept;
  }

  /** Takes all above back. */
  #unwind(height: number): void {
    const stack = this.#stack;
    for (let frame = this.#height - FRAME; frame >= height; frame -= FRAME) {
      if (stack[frame] === Frame.slot) this.slots[stack[frame + 1]!] = stack[frame + 2]!;
      else if (stack[frame] === Frame.register) this.#places[stack[frame + 1]!] = stack[frame + 2]!;
    }
    this.#height = height;
  }
}

const OUT_OF_FRAMES = -2;
const NEWLINE = 0x0a;

function isAt(anchor: number, text: string, at: number): boolean {
  switch (anchor) {
    case anchorNumbers["line-start"]:
      // After the text's last newline no line begins.
      return at === 0 || (text.charCodeAt(at - 1) === NEWLINE && at < text.length);
    case anchorNumbers["line-end"]:
      return at === text.length || text.charCodeAt(at) === NEWLINE;
    case anchorNumbers["start"]:
      return at === 0;
    case anchorNumbers["end"]:
      return at === text.length;
    case anchorNumbers["end-or-last-newline"]:
      return at === text.length || (at === text.length - 1 && text.charCodeAt(at) === NEWLINE);
    case anchorNumbers["word-boundary"]:
      return isWordAt(text, back(text, at, 1)) !== isWordAt(text, at);
    default:
      return isWordAt(text, back(text, at, 1)) === isWordAt(text, at);
  }
}

function isWordAt(text: string, at: number): boolean {
  const point = at < 0 ? undefined : text.codePointAt(at);
  return point !== undefined && WORDS.has(point);
}

/** So many characters before; -1: there are not that many. */
function back(text: string, at: number, count: number): number {
  let place = at;
  for (let left = count; left > 0; left--) {
    place--;
    if (place > 0 && isLow(text.charCodeAt(place)) && isHigh(text.charCodeAt(place - 1))) place--;
  }
  return place < 0 ? -1 : place;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdb_ff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc_00 && unit <= 0xdf_ff;
}
