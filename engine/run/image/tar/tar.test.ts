import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "@plinth/fault";
import { fakeEntry, fakeTar } from "../fake-images.ts";
import { encodeEntry } from "./encode.ts";
import type { TarEntry } from "./entry.ts";
import { TarReader } from "./reader.ts";

interface Read {
  readonly entry: TarEntry;
  readonly content: string;
}

function read(tar: Buffer, pieceBytes = tar.length): Read[] {
  const found: { entry: TarEntry; content: string }[] = [];
  const reader = new TarReader({
    entry: (entry) => void found.push({ entry, content: "" }),
    content: (chunk) => (found.at(-1)!.content += chunk.toString("latin1")),
    endOfFile: () => {},
  });
  for (let at = 0; at < tar.length; at += pieceBytes) reader.write(tar.subarray(at, at + pieceBytes));
  reader.end();
  return found;
}

const bytes = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 300,
});
const large = fc.oneof(fc.nat(5000), fc.integer({ min: 2 ** 21, max: 2 ** 40 }));

test("what encodeEntry() writes is what TarReader reads, in pieces of any size", () => {
  const entry = fc.record({
    name: bytes,
    mode: fc.nat(0o7777),
    uid: large,
    gid: large,
    mtimeSeconds: fc.integer({ min: -(2 ** 33), max: 2 ** 40 }),
    mtimeNanoseconds: fc.nat(999_999_999),
    content: bytes,
    xattrs: fc.dictionary(
      fc.constantFrom("user.a", "security.capability"),
      bytes.map((each) => Buffer.from(each, "latin1").toString("base64")),
    ),
  });
  const property = fc.property(
    fc.array(entry, { maxLength: 4 }),
    fc.integer({ min: 1, max: 4000 }),
    (entries, pieceBytes) => {
      const tar = fakeTar(entries.map((each) => ({ ...each, content: Buffer.from(each.content, "latin1") })));
      const found = read(tar, pieceBytes);
      assert.equal(found.length, entries.length);
      for (const [index, { entry: each, content }] of found.entries()) {
        const { xattrs, content: expected, ...rest } = entries[index]!;
        assert.equal(content, expected);
        for (const [name, value] of Object.entries(rest))
          assert.deepEqual(each[name as keyof TarEntry], value, name);
        assert.deepEqual(
          Object.fromEntries([...(each.xattrs ?? [])].map(([name, value]) => [name, value.toString()])),
          { ...xattrs },
        );
      }
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test("GNU tar reads what we write, and we what it writes, in both of its formats", () => {
  const name = `${"d".repeat(90)}/${"f".repeat(90)}`;
  const listed = spawnSync("tar", ["--list", "--file", "-"], {
    input: fakeTar([{ name, content: "x" }]),
    encoding: "utf8",
  });
  assert.equal(listed.stdout, `${name}\n`, listed.stderr);
  const script =
    'cd "$(mktemp -d)" && mkdir -p "${1%/*}" && echo content > "$1" && touch -d @1.5 "$1" && tar --create --format "$2" "$1"; rm -r "$PWD"';
  for (const format of ["gnu", "pax"]) {
    const { stdout } = spawnSync("sh", ["-c", script, "sh", name, format]);
    const [{ entry, content }] = read(stdout) as [Read];
    assert.deepEqual([entry.name, content, entry.mtimeSeconds], [name, "content\n", 1], format);
    assert.equal(entry.mtimeNanoseconds, format === "pax" ? 500_000_000 : 0);
  }
});

function pax(records: string): Buffer {
  const [block, body, padding] = fakeEntry({ name: "x", content: records }) as [Buffer, Buffer, Buffer];
  block.write("x", 156, "latin1");
  let sum = 0;
  block.fill(" ", 148, 156);
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([block, body, padding, ...fakeEntry({ name: "file", content: "abc" })]);
}

test("pax records that lie are refused, whatever they lie about", () => {
  assert.equal(read(pax("12 path=abc\n"))[0]?.entry.name, "abc");
  for (const records of [
    "13 path=abc\n",
    "11 path=abc\n",
    "99999999999 path=abc\n",
    "path=abc\n",
    "12 path=a\0c\n",
    "9 =abcde\n",
    "19 SCHILY.xattr.=x\n",
    "12 size=1e9\n",
    "11 uid=-1\n",
    "22 GNU.sparse.size=10\n",
  ]) {
    assert.throws(() => read(pax(records)), Fault, records);
  }
  // A size beyond what there is: the file ends within.
  assert.throws(() => read(pax("16 size=99999999\n".replace("16", "17"))), /ends too soon/);
});

test("any bytes are read or refused, and nothing else happens", () => {
  const good = Buffer.concat([encodeEntry({ ...read(fakeTar([{ name: "a", content: "b" }]))[0]!.entry })]);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(511), (noise, at) => {
      const block = Buffer.concat([good, Buffer.alloc(1024)]);
      block.set(noise, at);
      try {
        read(block);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    }),
    { numRuns: 300 },
  );
});
