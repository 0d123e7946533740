import assert from "node:assert/strict";
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { Failure } from "../../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../../runtime/text.ts";
import { call } from "../call-for-test.ts";
import { crcOf } from "../checksum/crc.ts";
import { base16Bytes, base16Text } from "../encoding/base16.ts";
import { base64Bytes, base64Text } from "../encoding/base64.ts";
import { hmac } from "../hmac.ts";
import { md5 } from "../md5.ts";
import { sha1 } from "../sha1.ts";
import { sha2 } from "../sha2.ts";
import { sha3 } from "../sha3.ts";
import { runCipher } from "./ciphers.ts";
import { runIpcrypt } from "./ipcrypt.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

test("hashes are those of others", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const value = textOf(input);
      assert.equal(call(md5, { value }), createHash("md5").update(input).digest("hex"));
      assert.equal(call(sha1, { value }), createHash("sha1").update(input).digest("hex"));
      for (const variant of ["SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA-512/224", "SHA-512/256"])
        assert.equal(
          call(sha2, { value, variant }),
          createHash(variant.replace("SHA-", "sha").replace("/", "-")).update(input).digest("hex"),
        );
      for (const variant of ["SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"])
        assert.equal(call(sha3, { value, variant }), createHash(variant).update(input).digest("hex"));
    }),
    { numRuns: 30 },
  );
});

test("hmac() is that of others", () => {
  fc.assert(
    fc.property(bytes, fc.uint8Array({ maxLength: 200 }), (input, key) => {
      const code = call(hmac, { value: textOf(input), key: textOf(key) }) as Text;
      assert.deepEqual(Buffer.from(bytesOf(code)), createHmac("sha256", key).update(input).digest());
    }),
  );
});

/** VRL's names, and those of OpenSSL for the same. */
const same = [
  ["AES-128-CFB", "aes-128-cfb"],
  ["AES-192-CFB", "aes-192-cfb"],
  ["AES-256-OFB", "aes-256-ofb"],
  ["AES-128-OFB", "aes-128-ofb"],
  ["AES-256-CTR-BE", "aes-256-ctr"],
  ["AES-192-CBC-PKCS7", "aes-192-cbc"],
  ["AES-256-CBC-PKCS7", "aes-256-cbc"],
] as const;

test("ciphers are those of others", () => {
  for (const [name, openssl] of same) {
    const keyBytes = Number(name.slice(4, 7)) / 8;
    fc.assert(
      fc.property(
        bytes,
        fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }),
        // Counters of 64 bits, and those of 128, are the same as long as the lower half does not overflow.
        fc.uint8Array({ minLength: 16, maxLength: 16 }).map((iv) => iv.fill(0, 8)),
        (input, key, iv) => {
          const cipher = createCipheriv(openssl, key, iv);
          const theirs = Buffer.concat([cipher.update(input), cipher.final()]);
          const ours = runCipher("encrypt", textOf(input), name, textOf(key), textOf(iv)) as Text;
          assert.deepEqual(Buffer.from(bytesOf(ours)), theirs);
        },
      ),
      { numRuns: 30 },
    );
  }
});

const sizes: readonly (readonly [name: string, key: number, iv: number])[] = [
  ["AES-128-CTR-LE", 16, 16],
  ["AES-256-CBC-ANSIX923", 32, 16],
  ["AES-128-CBC-ISO7816", 16, 16],
  ["AES-192-CBC-ISO10126", 24, 16],
  ["AES-128-SIV", 32, 16],
  ["AES-256-SIV", 64, 16],
  ["CHACHA20-POLY1305", 32, 12],
  ["XCHACHA20-POLY1305", 32, 24],
  ["XSALSA20-POLY1305", 32, 24],
];

test("what is encrypted is decrypted, and what was changed is refused where there is a tag", () => {
  for (const [name, keyBytes, ivBytes] of sizes) {
    fc.assert(
      fc.property(
        bytes,
        fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }),
        fc.uint8Array({ minLength: ivBytes, maxLength: ivBytes }),
        fc.nat(),
        (input, key, iv, place) => {
          const [keyText, ivText] = [textOf(key), textOf(iv)];
          const encrypted = runCipher("encrypt", textOf(input), name, keyText, ivText) as Text;
          assert.deepEqual(runCipher("decrypt", encrypted, name, keyText, ivText), textOf(input));
          if (!/SIV|POLY/.test(name)) return;
          const changed = Uint8Array.from(bytesOf(encrypted));
          changed[place % changed.length]! ^= 1;
          assert.ok(runCipher("decrypt", textOf(changed), name, keyText, ivText) instanceof Failure);
        },
      ),
      { numRuns: 20 },
    );
  }
});

test("runIpcrypt() decrypts what it encrypts, and keeps networks together in `pfx`", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.constantFrom("aes128", "pfx"), (ip, mode) => {
      const key = mode === "pfx" ? "0123456789abcdefghijklmnopqrstuv" : "0123456789abcdef";
      const encrypted = runIpcrypt("encrypt", ip, key, mode);
      if (encrypted instanceof Failure) return;
      const decrypted = runIpcrypt("decrypt", encrypted, key, mode) as string;
      assert.equal(runIpcrypt("encrypt", decrypted, key, mode), encrypted);
    }),
  );
  const encrypt = (ip: string) =>
    runIpcrypt("encrypt", ip, "0123456789abcdefghijklmnopqrstuv", "pfx") as string;
  const prefix = (ip: string) => encrypt(ip).split(".").slice(0, 3).join(".");
  assert.equal(prefix("203.0.113.1"), prefix("203.0.113.200"));
  assert.notEqual(prefix("203.0.113.1"), prefix("203.0.112.1"));
});

/** What https://reveng.sourceforge.io/crc-catalogue gives for `123456789`. */
const checks: readonly (readonly [name: string, check: bigint])[] = [
  ["CRC_3_GSM", 0x4n],
  ["CRC_4_INTERLAKEN", 0xbn],
  ["CRC_5_USB", 0x19n],
  ["CRC_7_MMC", 0x75n],
  ["CRC_8_DARC", 0x15n],
  ["CRC_12_UMTS", 0xdafn],
  ["CRC_16_ARC", 0xbb3dn],
  ["CRC_16_XMODEM", 0x31c3n],
  ["CRC_24_OPENPGP", 0x21cf02n],
  ["CRC_31_PHILIPS", 0x0ce9e46cn],
  ["CRC_32_ISCSI", 0xe3069283n],
  ["CRC_40_GSM", 0xd4164fc646n],
  ["CRC_64_ECMA_182", 0x6c40df5f0b497347n],
  ["CRC_64_XZ", 0x995dc9bbdf1939fan],
  ["CRC_82_DARC", 0x09ea83f625023801fd612n],
];

test("crcOf() yields what the catalogue says", () => {
  for (const [name, check] of checks) assert.equal(crcOf(name)!(bytesOf("123456789")), check, name);
  fc.assert(
    fc.property(bytes, (input) => assert.equal(crcOf("CRC_32_ISO_HDLC")!(input), BigInt(crc32(input)))),
  );
});

test("base64 and base16 are those of others, and strict", () => {
  fc.assert(
    fc.property(bytes, (input) => {
      const buffer = Buffer.from(input);
      assert.equal(base64Text(input, "standard", true), buffer.toString("base64"));
      assert.equal(base64Text(input, "url_safe", false), buffer.toString("base64url"));
      assert.deepEqual(base64Bytes(base64Text(input, "standard", false), "standard"), input);
      assert.equal(base16Text(input), buffer.toString("hex"));
      assert.deepEqual(base16Bytes(buffer.toString("hex").toUpperCase()), input);
    }),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const read = base64Bytes(text, "standard");
      if (read !== undefined) assert.equal(base64Text(read, "standard", false), text);
    }),
  );
});
