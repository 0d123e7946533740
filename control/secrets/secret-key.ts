import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@plinth/fault";
import { readSecretFile, writeFileDurably } from "@plinth/file";

export const KEY_BYTES = 32; // AES-256

/** Reads the key at `path`, or makes one. Refuses a key that others may read: it has to be taken as known to them. */
export async function openSecretKey(path: string): Promise<Buffer> {
  const held = await readSecretFile(path, { what: "the secret key" });
  if (held?.length === KEY_BYTES) return held;
  if (held !== undefined) {
    throw new Fault(
      "corrupt",
      `Cannot use the secret key "${path}": ${held.length} bytes instead of ${KEY_BYTES}`,
    );
  }
  const key = randomBytes(KEY_BYTES);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, key, 0o600);
  return key;
}
