import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeviceRule } from "../config.ts";
import { deviceProgram } from "./device-program.ts";
import { deviceRules } from "./devices.ts";

interface Access {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** Some of r, w and m. */
  readonly letters: string;
}

const TYPES = { b: 1, c: 2 };
const LETTERS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

/** What the kernel's interpreter makes of a program, as far as such programs go. Says what the answer is. */
function run(program: Buffer, { type, major, minor, letters }: Access): boolean {
  const bits = letters.split("").reduce((sum, letter) => sum | LETTERS[letter]!, 0);
  const context = Buffer.alloc(12);
  context.writeUInt32LE(((bits << 16) | TYPES[type]) >>> 0, 0);
  context.writeUInt32LE(major, 4);
  context.writeUInt32LE(minor, 8);
  const registers = new Uint32Array(11);
  for (let at = 0; at < program.length; at += 8) {
    const code = program[at]!;
    const [to, from] = [program[at + 1]! & 15, program[at + 1]! >> 4];
    const offset = program.readInt16LE(at + 2);
    const value = program.readUInt32LE(at + 4);
    if (code === 0x61) registers[to] = context.readUInt32LE(offset);
    else if (code === 0xbc) registers[to] = registers[from]!;
    else if (code === 0xb4) registers[to] = value;
    else if (code === 0x54) registers[to]! &= value;
    else if (code === 0x74) registers[to]! >>>= value;
    else if (code === 0x05) at += offset * 8;
    else if (code === 0x56) at += registers[to] === value ? 0 : offset * 8;
    else if (code === 0x46) at += (registers[to]! & value) === 0 ? 0 : offset * 8;
    else if (code === 0x95) return registers[0] === 1;
    else assert.fail(`opcode ${code.toString(16)} at ${at}`);
  }
  return assert.fail("runs off its end");
}

/** Each letter on its own: the last rule that speaks of it. */
function judged(rules: readonly DeviceRule[], { type, major, minor, letters }: Access): boolean {
  return letters.split("").every((letter) => {
    const last = deviceRules(rules).findLast(
      (rule) =>
        (rule.type === "a" || rule.type === type) &&
        (rule.major === undefined || rule.major === major) &&
        (rule.minor === undefined || rule.minor === minor) &&
        rule.access.includes(letter),
    );
    return last!.allow;
  });
}

const number = fc.constantFrom(0, 1, 3, 5, 8, 136, 4095, 2 ** 31, 2 ** 32 - 1);
const letters = fc.constantFrom("r", "w", "m", "rw", "rm", "wm", "rwm");
const rule: fc.Arbitrary<DeviceRule> = fc.record(
  {
    allow: fc.boolean(),
    type: fc.constantFrom("a", "b", "c"),
    major: fc.oneof(number, fc.constant(-1)),
    minor: fc.oneof(number, fc.constant(-1)),
    access: letters,
  },
  { requiredKeys: ["allow"] },
);
const access: fc.Arbitrary<Access> = fc.record({
  type: fc.constantFrom("b", "c"),
  major: number,
  minor: number,
  letters,
});

test("deviceProgram() decides as the last rule that speaks of each access", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), fc.array(access, { maxLength: 20 }), (rules, accesses) => {
      const program = deviceProgram(rules);
      for (const one of accesses) assert.equal(run(program, one), judged(rules, one), JSON.stringify(one));
    }),
    { numRuns: 300 },
  );
});

test("deviceProgram() without rules leaves the devices that every container has", () => {
  const program = deviceProgram([]);
  const may = (type: "b" | "c", major: number, minor: number, wanted: string): boolean =>
    run(program, { type, major, minor, letters: wanted });
  assert(may("c", 1, 3, "rw")); // null
  assert(may("c", 136, 7, "rw")); // a terminal
  assert(may("b", 8, 0, "m"));
  assert(!may("b", 8, 0, "r"));
  assert(!may("c", 1, 1, "r")); // mem
});
