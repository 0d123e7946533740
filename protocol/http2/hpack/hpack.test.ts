import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HpackDecoder, HpackEncoder } from "../index.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const decoderOf = (options: { tableBytesMax?: number; listBytesMax?: number } = {}): HpackDecoder =>
  new HpackDecoder({ listBytesMax: 64 * 1024, fieldsMax: 128, ...options });

function decode(decoder: HpackDecoder, block: Buffer): string[] {
  assert.ok(decoder.decode(block, 0, block.length));
  return decoder.fields;
}

const requests: [block: string, huffman: string, fields: string[], tableBytes: number][] = [
  [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"],
    57,
  ],
  [
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8286 84be 5886 a8eb 1064 9cbf",
    [
      ":method",
      "GET",
      ":scheme",
      "http",
      ":path",
      "/",
      ":authority",
      "www.example.com",
      "cache-control",
      "no-cache",
    ],
    110,
  ],
  [
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    [
      ":method",
      "GET",
      ":scheme",
      "https",
      ":path",
      "/index.html",
      ":authority",
      "www.example.com",
      "custom-key",
      "custom-value",
    ],
    164,
  ],
];

test("HpackDecoder reads the requests of RFC 7541 C.3 and C.4", () => {
  const plain = decoderOf();
  const coded = decoderOf();
  for (const [block, huffman, fields, tableBytes] of requests) {
    assert.deepEqual(decode(plain, hex(block)), fields);
    assert.equal(plain.tableBytes, tableBytes);
    assert.deepEqual(decode(coded, hex(huffman)), fields);
    assert.equal(coded.tableBytes, tableBytes);
  }
});

test("HpackDecoder evicts as in RFC 7541 C.5", () => {
  const decoder = decoderOf({ tableBytesMax: 256 });
  const date = "Mon, 21 Oct 2013 20:13:21 GMT";
  const rest = ["cache-control", "private", "date", date, "location", "https://www.example.com"];
  const first = hex(`4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
    2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`);
  assert.deepEqual(decode(decoder, first), [":status", "302", ...rest]);
  assert.equal(decoder.tableBytes, 222);
  assert.deepEqual(decode(decoder, hex("4803 3330 37c1 c0bf")), [":status", "307", ...rest]);
  assert.equal(decoder.tableBytes, 222);
});

test("HpackDecoder reads the literals of RFC 7541 C.2", () => {
  const decoder = decoderOf();
  assert.deepEqual(decode(decoder, hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")), [
    "custom-key",
    "custom-header",
  ]);
  assert.equal(decoder.tableBytes, 55);
  assert.deepEqual(decode(decoder, hex("040c 2f73 616d 706c 652f 7061 7468")), [":path", "/sample/path"]);
  assert.deepEqual(decode(decoder, hex("1008 7061 7373 776f 7264 0673 6563 7265 74")), [
    "password",
    "secret",
  ]);
  assert.equal(decoder.tableBytes, 55);
});

for (const [name, block] of [
  ["index 0 (§6.1)", "80"],
  ["an index beyond the tables (§2.3.3)", "be"],
  ["an integer without an end (§5.1)", "ffffffff"],
  ["an integer that is too large (§5.1)", "ffffffffffffffffff7f"],
  ["a string beyond the block (§5.2)", "4003 61"],
  ["a string without its value (§6.2)", "4001 61"],
  ["padding of more than seven bits (§5.2)", "0085 f2b2 4a84 ff84 4950 9fff"],
  ["padding that is not all ones (§5.2)", "0081 1801 61"],
  ["the end of a string within it (§5.2)", "0085 ffff ffff fc01 61"],
  ["a table size beyond our setting (§6.3)", "3fe2 1f"],
  ["a table size after a field (§4.2)", "8220"],
] as const) {
  test(`HpackDecoder refuses ${name}`, () => {
    const bytes = hex(block);
    assert.equal(decoderOf().decode(bytes, 0, bytes.length), false);
  });
}

test("HpackDecoder goes on with its table after a list that is too large", () => {
  const decoder = decoderOf({ listBytesMax: 100 });
  const encoder = new HpackEncoder();
  const output = Buffer.alloc(4096);
  const large = Array.from({ length: 6 }, (_, index) => [`name-${index}`, "x".repeat(20)]).flat();
  assert.ok(decoder.decode(output, 0, encoder.encode(large, output, 0)));
  assert.equal(decoder.tooLarge, true);
  assert.ok(decoder.decode(output, 0, encoder.encode(["name-5", "x".repeat(20)], output, 0)));
  assert.equal(decoder.tooLarge, false);
  assert.deepEqual(decoder.fields, ["name-5", "x".repeat(20)]);
});

test("HpackEncoder never indexes credentials and keeps in step after a field it cannot send", () => {
  const encoder = new HpackEncoder();
  const decoder = decoderOf();
  const output = Buffer.alloc(4096);
  const end = encoder.encode(["authorization", "Bearer x", "cookie", "a=b"], output, 0);
  assert.equal(encoder.tableBytes, 0);
  assert.equal(output[0]! & 0xf0, 0x10);
  assert.deepEqual(decode(decoder, output.subarray(0, end)), ["authorization", "Bearer x", "cookie", "a=b"]);
  assert.throws(() => encoder.encode(["x-a", "1", "x-b", "2\u{10a}"], output, 0), /no place/);
  assert.throws(() => encoder.encode(["X-A", "1"], output, 0), /lower case/);
  const next = encoder.encode(["x-a", "1"], output, 0);
  assert.deepEqual(decode(decoder, output.subarray(0, next)), ["x-a", "1"]);
});

const octets = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 });

test("Huffman decoding undoes encoding of any octets", () => {
  fc.assert(
    fc.property(octets, (codes) => {
      const text = String.fromCharCode(...codes);
      const coded = Buffer.alloc(300);
      const end = huffmanEncode(text, coded, 0);
      assert.equal(end, huffmanLength(text));
      const decoded = Buffer.alloc(800);
      const length = huffmanDecode(coded, 0, end, decoded);
      assert.equal(decoded.toString("latin1", 0, length), text);
    }),
  );
});

const field = fc.tuple(
  fc.oneof(
    fc.constantFrom(":path", "content-type", "date", "cookie", "x-request-id", "content-length"),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
  ),
  fc.oneof(fc.stringMatching(/^[!-~]{0,12}$/), fc.stringMatching(/^[!-~\x80-\xff]{50,400}$/)),
);

test("HPACK decoding undoes encoding, whatever sizes the table takes meanwhile", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(field, { maxLength: 12 }), fc.option(fc.nat(5000))), { maxLength: 20 }),
      (blocks) => {
        const encoder = new HpackEncoder();
        const decoder = decoderOf();
        for (const [pairs, size] of blocks) {
          if (size !== null) encoder.resize(size);
          const fields = pairs.flat();
          const output = Buffer.alloc(HpackEncoder.bound(fields));
          assert.deepEqual(decode(decoder, output.subarray(0, encoder.encode(fields, output, 0))), fields);
          assert.equal(decoder.tableBytes, encoder.tableBytes);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("HpackDecoder gives a verdict on any octets", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), (blocks) => {
      const decoder = decoderOf();
      for (const block of blocks) if (!decoder.decode(Buffer.from(block), 0, block.length)) break;
      assert.ok(decoder.tableBytes <= 4096);
    }),
    { numRuns: 2000 },
  );
});
