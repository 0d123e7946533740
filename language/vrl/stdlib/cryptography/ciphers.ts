/** The ciphers by VRL's names: sizes of keys and initialization vectors, and both ways. */
import { aessiv, cfb } from "@noble/ciphers/aes.js";
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { Failure } from "../../runtime/failure.ts";
import { bytesOf, textOf, type Text } from "../../runtime/text.ts";
import { aesStream, decryptCbc, encryptCbc, type Padding, type StreamMode } from "./aes-modes.ts";

export interface Cipher {
  readonly keyBytes: number;
  readonly ivBytes: number;
  encrypt(key: Uint8Array, iv: Uint8Array, input: Uint8Array): Uint8Array;
  /** Undefined: the input is none of what this encrypts to. */
  decrypt(key: Uint8Array, iv: Uint8Array, input: Uint8Array): Uint8Array | undefined;
}

const AES_IV_BYTES = 16;

function stream(keyBytes: number, mode: StreamMode): Cipher {
  const run = (key: Uint8Array, iv: Uint8Array, input: Uint8Array) => aesStream(mode, key, iv, input);
  return { keyBytes, ivBytes: AES_IV_BYTES, encrypt: run, decrypt: run };
}

function padded(keyBytes: number, padding: Padding): Cipher {
  return {
    keyBytes,
    ivBytes: AES_IV_BYTES,
    encrypt: (key, iv, input) => encryptCbc(padding, key, iv, input),
    decrypt: (key, iv, input) => decryptCbc(padding, key, iv, input),
  };
}

function feedback(keyBytes: number): Cipher {
  return {
    keyBytes,
    ivBytes: AES_IV_BYTES,
    encrypt: (key, iv, input) => cfb(key, iv).encrypt(input),
    decrypt: (key, iv, input) => cfb(key, iv).decrypt(input),
  };
}

interface Sealing {
  encrypt(input: Uint8Array): Uint8Array;
  decrypt(input: Uint8Array): Uint8Array;
}

/** With a tag that tells whether something was changed. */
function sealed(
  keyBytes: number,
  ivBytes: number,
  seal: (key: Uint8Array, iv: Uint8Array) => Sealing,
): Cipher {
  return {
    keyBytes,
    ivBytes,
    encrypt: (key, iv, input) => seal(key, iv).encrypt(input),
    decrypt: (key, iv, input) => {
      try {
        return seal(key, iv).decrypt(input);
      } catch {
        return undefined;
      }
    },
  };
}

const siv = (key: Uint8Array, iv: Uint8Array) => aessiv(key, new Uint8Array(), iv);

function aesCiphers(): Record<string, Cipher> {
  const ciphers: Record<string, Cipher> = {};
  for (const bits of [128, 192, 256]) {
    const keyBytes = bits / 8;
    const name = `AES-${bits}`;
    ciphers[`${name}-CFB`] = feedback(keyBytes);
    ciphers[`${name}-OFB`] = stream(keyBytes, "OFB");
    ciphers[`${name}-CTR`] = stream(keyBytes, "CTR-LE");
    ciphers[`${name}-CTR-LE`] = stream(keyBytes, "CTR-LE");
    ciphers[`${name}-CTR-BE`] = stream(keyBytes, "CTR-BE");
    for (const padding of ["PKCS7", "ANSIX923", "ISO7816", "ISO10126"] as const)
      ciphers[`${name}-CBC-${padding}`] = padded(keyBytes, padding);
  }
  return ciphers;
}

const ciphers: Readonly<Record<string, Cipher>> = {
  ...aesCiphers(),
  "AES-128-SIV": sealed(32, 16, siv),
  "AES-256-SIV": sealed(64, 16, siv),
  "CHACHA20-POLY1305": sealed(32, 12, chacha20poly1305),
  "XCHACHA20-POLY1305": sealed(32, 24, xchacha20poly1305),
  "XSALSA20-POLY1305": sealed(32, 24, xsalsa20poly1305),
};

/** `name` in upper case; undefined: there is none of this name. */
export function cipherOf(name: string): Cipher | undefined {
  return Object.hasOwn(ciphers, name) ? ciphers[name] : undefined;
}

/** A table in Markdown of all names and sizes. */
export const CIPHER_TABLE: string = [
  "| algorithm | bytes of `key` | bytes of `iv` |",
  "| --- | --- | --- |",
  ...Object.entries(ciphers).map(([name, { keyBytes, ivBytes }]) => {
    const isOld = name.endsWith("-CTR");
    return `| ${name}${isOld ? " (old name of CTR-LE)" : ""} | ${keyBytes} | ${ivBytes} |`;
  }),
].join("\n");

export type Direction = "encrypt" | "decrypt";

export function runCipher(
  direction: Direction,
  input: Text,
  algorithm: string,
  key: Text,
  iv: Text,
): Text | Failure {
  const cipher = cipherOf(algorithm);
  if (cipher === undefined) return new Failure(`Invalid algorithm: ${algorithm}`);
  const keyBytes = bytesOf(key);
  if (keyBytes.length !== cipher.keyBytes) return wrongSize("key", cipher.keyBytes, keyBytes);
  const ivBytes = bytesOf(iv);
  if (ivBytes.length !== cipher.ivBytes) return wrongSize("iv", cipher.ivBytes, ivBytes);
  // The ciphers may align what they are given, but leave it as it is.
  const output = cipher[direction](keyBytes, ivBytes, bytesOf(input));
  return output === undefined ? new Failure("Invalid input") : textOf(output);
}

function wrongSize(what: string, expected: number, found: Uint8Array): Failure {
  return new Failure(`Invalid ${what} size. Expected ${expected} bytes. Found ${found.length} bytes`);
}
