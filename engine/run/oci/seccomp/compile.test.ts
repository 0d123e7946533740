import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import fc from "fast-check";
import type { LinuxSeccomp, SeccompAction, SeccompCondition, SeccompRule } from "../config.ts";
import type { Architecture } from "../../machine/architecture.ts";
import { CONVENTIONS, syscallNumbers, X32_BIT } from "./architecture.ts";
import { INSTRUCTION_BYTES } from "./bpf.ts";
import { type Call, runFilter } from "./bpf-interpreter.ts";
import { compileSeccomp } from "./compile.ts";
import { defaultSeccompProfile } from "./default-profile.ts";

const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const KILL_THREAD = 0;
const ENOSYS = ERRNO + 38;

/** The strictest first, as the kernel ranks them. */
const RANKED: readonly (readonly [SeccompAction, number])[] = [
  ["SCMP_ACT_KILL_PROCESS", 0x8000_0000],
  ["SCMP_ACT_KILL_THREAD", KILL_THREAD],
  ["SCMP_ACT_KILL", KILL_THREAD],
  ["SCMP_ACT_TRAP", 0x0003_0000],
  ["SCMP_ACT_ERRNO", ERRNO],
  ["SCMP_ACT_TRACE", 0x7ff0_0000],
  ["SCMP_ACT_LOG", 0x7ffc_0000],
  ["SCMP_ACT_ALLOW", ALLOW],
];
const RANKS = [...new Set(RANKED.map(([, value]) => value))];

const returned = (action: SeccompAction, errno = 1): number => {
  const [, value] = RANKED.find(([name]) => name === action)!;
  return value === ERRNO || value === 0x7ff0_0000 ? value + errno : value;
};

function holds({ op, value, valueTwo = 0 }: SeccompCondition, argument: bigint, bits: number): boolean {
  const cut = (number: number | bigint): bigint => BigInt.asUintN(bits, BigInt(number));
  const left = cut(argument);
  const right = cut(value);
  switch (op) {
    case "SCMP_CMP_EQ":
      return left === right;
    case "SCMP_CMP_NE":
      return left !== right;
    case "SCMP_CMP_LT":
      return left < right;
    case "SCMP_CMP_LE":
      return left <= right;
    case "SCMP_CMP_GT":
      return left > right;
    case "SCMP_CMP_GE":
      return left >= right;
    case "SCMP_CMP_MASKED_EQ":
      return (left & right) === cut(valueTwo);
  }
}

/** What a profile says of a call, read off the profile itself. Names that i386 multiplexes are left out of it. */
function judged(profile: LinuxSeccomp, architecture: Architecture, call: Call): number {
  const ours = CONVENTIONS[architecture].filter(
    ({ name }, index) => index === 0 || profile.architectures?.includes(name),
  );
  const isX32 = call.audit === 0xc000_003e && call.number >= X32_BIT;
  const convention = ours.find(({ audit, base }) => audit === call.audit && (base === X32_BIT) === isX32);
  const isSkipped = isX32 && call.number === 0xffff_ffff && architecture === "x86-64";
  if (convention === undefined)
    return isSkipped ? returned(profile.defaultAction, profile.defaultErrnoRet) : KILL_THREAD;
  const numbers = syscallNumbers(convention);
  const verdicts: number[] = [];
  for (const { names, action, errnoRet, args = [] } of profile.syscalls ?? []) {
    if (!names.some((name) => numbers.get(name) === call.number)) continue;
    const met = args.map((each) => holds(each, call.args[each.index]!, convention.argumentBits));
    const isAnyOf = new Set(args.map(({ index }) => index)).size < args.length;
    if (isAnyOf ? met.some(Boolean) : met.every(Boolean)) verdicts.push(returned(action, errnoRet));
  }
  const rank = (value: number): number => RANKS.indexOf((value & 0xffff_0000) >>> 0);
  const [strictest] = verdicts.toSorted((a, b) => rank(a) - rank(b));
  if (strictest !== undefined) return strictest;
  const known = (profile.syscalls ?? [])
    .flatMap(({ names }) => names.map((name) => numbers.get(name)))
    .filter((number) => number !== undefined && number < convention.base + 0xf_0000) as number[];
  const isClosed = !["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(profile.defaultAction);
  const isNewer = known.length > 0 && call.number > Math.max(...known);
  if (isClosed && isNewer && call.number < convention.base + 0xf_0000) return ENOSYS;
  return returned(profile.defaultAction, profile.defaultErrnoRet);
}

const names = [
  "read",
  "write",
  "clone",
  "personality",
  "mmap",
  "openat",
  "fcntl",
  "futex",
  "setns",
  "set_tls",
  "no_such",
];
/** Few values, so that conditions are met, and halves are equal, often. */
const word = fc.constantFrom(0n, 1n, 2n, 38n, 0xffff_ffffn);
const value = fc.tuple(word, word).map(([high, low]) => (high << 32n) | low);

const condition: fc.Arbitrary<SeccompCondition> = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  value,
  valueTwo: value,
  op: fc.constantFrom(
    "SCMP_CMP_NE",
    "SCMP_CMP_LT",
    "SCMP_CMP_LE",
    "SCMP_CMP_EQ",
    "SCMP_CMP_GE",
    "SCMP_CMP_GT",
    "SCMP_CMP_MASKED_EQ",
  ),
});

const action: fc.Arbitrary<SeccompAction> = fc.constantFrom(...RANKED.map(([name]) => name));

const rule: fc.Arbitrary<SeccompRule> = fc.record({
  names: fc.subarray(names, { minLength: 1 }),
  action,
  args: fc.array(condition, { maxLength: 3 }),
});

const profile: fc.Arbitrary<LinuxSeccomp> = fc.record({
  defaultAction: action,
  architectures: fc.subarray(["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_PPC64LE"]),
  syscalls: fc.array(rule, { maxLength: 8 }),
});

const number = fc.oneof(
  fc.integer({ min: 0, max: 470 }),
  fc.integer({ min: 0, max: 560 }).map((low) => low + X32_BIT),
  fc.constantFrom(0xf_0000, 983_045, 0xffff_ffff, X32_BIT - 1),
);
const call: fc.Arbitrary<Call> = fc.record({
  number,
  audit: fc.constantFrom(0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x4000_0028, 0x1234),
  args: fc.array(value, { minLength: 6, maxLength: 6 }),
});
const architecture = fc.constantFrom<Architecture>("x86-64", "aarch64");

test("compileSeccomp() makes filters that judge every call as the profile does", () => {
  fc.assert(
    fc.property(
      profile,
      architecture,
      fc.array(call, { minLength: 40, maxLength: 40 }),
      (each, machine, calls) => {
        const { program } = compileSeccomp(each, machine);
        for (const one of calls)
          assert.equal(
            runFilter(program, one).verdict,
            judged(each, machine, one),
            JSON.stringify(one.number),
          );
      },
    ),
    { numRuns: 300 },
  );
});

/** Profiles so large that jumps do not reach their targets at once. */
test("compileSeccomp() makes filters of many conditions, and refuses those the kernel would", () => {
  const every = [...syscallNumbers(CONVENTIONS["x86-64"][0]!).keys()];
  const large = (conditions: number): LinuxSeccomp => ({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: every.flatMap((name, index) =>
      Array.from({ length: conditions }, (_, argument) => ({
        names: [name],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: argument, op: "SCMP_CMP_EQ", value: BigInt(index) << 20n }],
      })),
    ),
  });
  const { program } = compileSeccomp(large(2), "x86-64");
  for (const [index, name] of every.entries())
    for (const args of [
      [BigInt(index) << 20n, 7n],
      [7n, BigInt(index) << 20n],
      [7n, 7n],
    ]) {
      const one = {
        number: syscallNumbers(CONVENTIONS["x86-64"][0]!).get(name)!,
        audit: 0xc000_003e,
        args: [...args, 0n, 0n, 0n, 0n],
      };
      assert.equal(runFilter(program, one).verdict, judged(large(2), "x86-64", one), name);
    }
  assert.throws(() => compileSeccomp(large(3), "x86-64"), { code: "too-large" });
});

const native = (name: string, ...args: readonly (number | bigint)[]): Call => ({
  number: syscallNumbers(CONVENTIONS["x86-64"][0]!).get(name)!,
  audit: 0xc000_003e,
  args: [0, 1, 2, 3, 4, 5].map((index) => BigInt(args[index] ?? 0)),
});

test("defaultSeccompProfile() denies namespaces, but to who has CAP_SYS_ADMIN", () => {
  const plain = compileSeccomp(defaultSeccompProfile([], "x86-64"), "x86-64").program;
  const admin = compileSeccomp(defaultSeccompProfile(["CAP_SYS_ADMIN"], "x86-64"), "x86-64").program;
  const verdicts = (one: Call): number[] => [plain, admin].map((program) => runFilter(program, one).verdict);
  assert.deepEqual(verdicts(native("read")), [ALLOW, ALLOW]);
  assert.deepEqual(verdicts(native("unshare")), [ERRNO + 1, ALLOW]);
  assert.deepEqual(verdicts(native("clone", 0x1000_0000)), [ERRNO + 1, ALLOW]);
  assert.deepEqual(verdicts(native("clone", 0x0000_0100)), [ALLOW, ALLOW]);
  assert.deepEqual(verdicts(native("clone3")), [ENOSYS, ALLOW]);
  assert.deepEqual(verdicts(native("personality", 0x2_0008)), [ALLOW, ALLOW]);
  assert.deepEqual(verdicts(native("personality", 0x1)), [ERRNO + 1, ERRNO + 1]);
  assert.deepEqual(verdicts(native("socket", 38)), [ERRNO + 1, ERRNO + 1]);
  assert.deepEqual(verdicts(native("socket", 1)), [ALLOW, ALLOW]);
  assert.deepEqual(verdicts(native("keyctl")), [ERRNO + 1, ERRNO + 1]);
  assert.deepEqual(verdicts({ ...native("read"), number: 5000 }), [ENOSYS, ENOSYS]);
});

test("defaultSeccompProfile() is judged in few steps", () => {
  const { program } = compileSeccomp(defaultSeccompProfile([], "x86-64"), "x86-64");
  assert(program.length / INSTRUCTION_BYTES < 500, `${program.length / INSTRUCTION_BYTES} instructions`);
  for (const name of ["read", "futex", "epoll_wait", "close", "openat"])
    assert(runFilter(program, native(name)).steps <= 12, name);
});

test("compileSeccomp() also closes the other ways of i386 to a call", () => {
  const closed: LinuxSeccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86"],
    syscalls: [{ names: ["socket", "shmget"], action: "SCMP_ACT_ERRNO" }],
  };
  const { program } = compileSeccomp(closed, "x86-64");
  const i386 = (syscall: number, first: bigint): number =>
    runFilter(program, { number: syscall, audit: 0x4000_0003, args: [first, 0n, 0n, 0n, 0n, 0n] }).verdict;
  const SOCKETCALL = 102;
  const IPC = 117;
  assert.equal(i386(SOCKETCALL, 1n), ERRNO + 1);
  assert.equal(i386(SOCKETCALL, 2n), ALLOW);
  assert.equal(i386(IPC, 23n), ERRNO + 1);
  // The version above the call's number does not count, nor do bits that do not reach a 32-bit call.
  assert.equal(i386(IPC, (7n << 32n) | (1n << 16n) | 23n), ERRNO + 1);
  assert.equal(i386(IPC, 24n), ALLOW);
});

test("compileSeccomp() opens a multiplexer that the profile's author knew, however few calls it names", () => {
  const open: LinuxSeccomp = {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86"],
    syscalls: [{ names: ["read", "accept"], action: "SCMP_ACT_ALLOW" }],
  };
  const { program } = compileSeccomp(open, "x86-64");
  const verdicts = [3, 4, 102, 103].map(
    (syscall) =>
      runFilter(program, { number: syscall, audit: 0x4000_0003, args: [5n, 0n, 0n, 0n, 0n, 0n] }).verdict,
  );
  assert.deepEqual(verdicts, [ALLOW, ERRNO + 1, ALLOW, ENOSYS]);
});

/** [what, profile, message] */
const refused: readonly (readonly [string, Partial<LinuxSeccomp>, RegExp])[] = [
  [
    "an architecture nobody knows",
    { architectures: ["SCMP_ARCH_PDP11"] },
    /no architecture "SCMP_ARCH_PDP11"/,
  ],
  ["a flag nobody knows", { flags: ["X"] }, /no flag "X"/],
  ["an errno of an action without one", { defaultErrnoRet: 1 }, /SCMP_ACT_ALLOW with the errno 1/],
  [
    "an errno there is not",
    { syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 4096 }] },
    /4096/,
  ],
  [
    "a listener nobody can reach",
    { syscalls: [{ names: ["read"], action: "SCMP_ACT_NOTIFY" }] },
    /listenerPath/,
  ],
  [
    "a listener for the call that hands it over",
    { listenerPath: "/s", syscalls: [{ names: ["sendmsg"], action: "SCMP_ACT_NOTIFY" }] },
    /hand over/,
  ],
  ["a listener by default", { defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/s" }, /hand over/],
  ["metadata for no listener", { listenerMetadata: "x" }, /listenerPath/],
];

for (const [what, change, message] of refused)
  test(`compileSeccomp() refuses ${what}`, () => {
    const profileOf = { defaultAction: "SCMP_ACT_ALLOW", ...change } as const;
    assert.throws(
      () => compileSeccomp(profileOf, "x86-64"),
      (error) => error instanceof Fault && error.code === "invalid" && message.test(error.message),
    );
  });

test("compileSeccomp() asks for a listener only when a rule does", () => {
  const asking: LinuxSeccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    flags: ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"],
    listenerPath: "/run/seccomp.sock",
    listenerMetadata: "m",
    syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
  };
  const { flags, listener } = compileSeccomp(asking, "x86-64");
  assert.deepEqual(
    { flags, listener },
    { flags: 0x1b, listener: { path: "/run/seccomp.sock", metadata: "m" } },
  );
  assert.equal(compileSeccomp({ ...asking, syscalls: [] }, "x86-64").listener, undefined);
});
