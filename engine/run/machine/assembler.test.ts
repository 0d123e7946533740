import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Aarch64Assembler } from "./aarch64.ts";
import type { Assembler } from "./assembler.ts";
import { X8664Assembler } from "./x86-64.ts";

/** Every instruction, with registers from both halves of each processor's numbering. */
function writeAll(to: Assembler): Buffer {
  to.label("begin");
  to.set("a0", 3);
  to.set("t2", 0x10000000);
  to.set("t4", -4095);
  to.set("number", 0x1234567890);
  to.move("a1", "t0");
  to.move("record", "a5");
  to.load("a0", "record", 16, 8);
  to.load("t1", "t0", 24, 4);
  to.load("t3", "a2", 1, 1);
  to.store("t1", "t0", 8, 8);
  to.store("record", "t4", 28, 4);
  to.store("a4", "a3", 0, 1);
  to.add("t3", 104);
  to.subtract("a0", 1);
  to.addRegister("t0", "a1");
  to.subtractRegister("a2", "t4");
  to.multiply("t2", "a0");
  to.shiftLeft("t1", 63);
  to.shiftRight("a0", 35);
  to.branch("t1", "equal", 0, "end");
  to.branch("a0", "not-equal", "t2", "begin");
  to.branch("t4", "below", 4095, "end");
  to.branch("a5", "at-least", "number", "begin");
  to.jump("end");
  to.systemCall("t1");
  to.label("end");
  to.jump("begin");
  return to.code();
}

/** As GNU's disassembler (2.40) reads it, without comments and with one blank. */
const listings = {
  "x86-64": {
    tool: "objdump",
    machine: "i386:x86-64",
    code: (): Buffer => writeAll(new X8664Assembler()),
    digest: "f9d9b4b87897de91688b03b188af376b7c30551bce52dd6b29197fbc22f428d4",
    listing: `
      rex mov $0x3,%edi
      mov $0x10000000,%r14d
      movabs $0xfffffffffffff001,%rbp
      movabs $0x1234567890,%rax
      mov %r12,%rsi
      mov %r9,%rbx
      mov 0x10(%rbx),%rdi
      mov 0x18(%r12),%r13d
      movzbl 0x1(%rdx),%r15d
      mov %r13,0x8(%r12)
      rex mov %ebx,0x1c(%rbp)
      mov %r8b,0x0(%r10)
      add $0x68,%r15
      sub $0x1,%rdi
      add %rsi,%r12
      sub %rbp,%rdx
      imul %rdi,%r14
      shl $0x3f,%r13
      shr $0x23,%rdi
      cmp $0x0,%r13
      je 0xa9
      cmp %r14,%rdi
      jne 0x0
      cmp $0xfff,%rbp
      jb 0xa9
      cmp %rax,%r9
      jae 0x0
      jmp 0xa9
      syscall
      mov %rax,%r13
      jmp 0x0`,
  },
  aarch64: {
    tool: "aarch64-linux-gnu-objdump",
    machine: "aarch64",
    code: (): Buffer => writeAll(new Aarch64Assembler()),
    digest: "8a151bb54e366c876a5f1c90c42252b1d64dab6b6d89f131c2f5b86121efd7d4",
    listing: `
      mov x0, #0x3
      mov x22, #0x0
      movk x22, #0x1000, lsl #16
      mov x24, #0xf001
      movk x24, #0xffff, lsl #16
      movk x24, #0xffff, lsl #32
      movk x24, #0xffff, lsl #48
      mov x8, #0x7890
      movk x8, #0x3456, lsl #16
      movk x8, #0x12, lsl #32
      mov x1, x20
      mov x19, x5
      ldr x0, [x19, #16]
      ldr w21, [x20, #24]
      ldrb w23, [x2, #1]
      str x21, [x20, #8]
      str w19, [x24, #28]
      strb w4, [x3]
      add x23, x23, #0x68
      sub x0, x0, #0x1
      add x20, x20, x1
      sub x2, x2, x24
      mul x22, x22, x0
      lsl x21, x21, #63
      lsr x0, x0, #35
      cmp x21, #0x0
      b.eq 0x90
      cmp x0, x22
      b.ne 0x0
      cmp x24, #0xfff
      b.cc 0x90
      cmp x5, x8
      b.cs 0x0
      b 0x90
      svc #0x0
      mov x21, x0
      b 0x0`,
  },
};

for (const [name, { tool, machine, code, digest, listing }] of Object.entries(listings)) {
  test(`instructions for ${name} are the bytes that were read and found right`, () => {
    assert.equal(createHash("sha256").update(code()).digest("hex"), digest);
  });

  test(`a disassembler reads the instructions for ${name} as they are meant`, (context) => {
    const directory = mkdtempSync(join(tmpdir(), "plinth-assembler-"));
    try {
      writeFileSync(join(directory, "code"), code());
      const lines = disassemble(tool, machine, join(directory, "code"));
      if (lines === undefined) context.skip(`${tool} is missing`);
      else
        assert.deepEqual(
          lines,
          listing
            .trim()
            .split("\n")
            .map((line) => line.trim()),
        );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test("a label that is nowhere, or there twice, is refused", () => {
  for (const assembler of [new X8664Assembler(), new Aarch64Assembler()]) {
    assembler.jump("nowhere");
    assert.throws(() => assembler.code(), /label nowhere is nowhere/);
    assembler.label("twice");
    assert.throws(() => assembler.label("twice"), /label twice is there twice/);
  }
});

function disassemble(tool: string, machine: string, path: string): string[] | undefined {
  let text: string;
  try {
    text = execFileSync(tool, ["-D", "-b", "binary", "-m", machine, "--no-show-raw-insn", path], {
      encoding: "utf8",
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return text
    .split("\n")
    .filter((line) => /^\s+[0-9a-f]+:\t/.test(line))
    .map((line) =>
      line
        .replace(/^[^\t]*\t/, "")
        .replace(/\s+\/\/.*$/, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    );
}
