import { randomBytes } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";

export const KEY_BYTES = 32; // AES-256

/** Reads the key at `path`, or makes one. Refuses a key that others may read: it has to be taken as known to them. */
export async function openSecretKey(path: string): Promise<Buffer> {
  try {
    const key = await readFile(path);
    const mode = (await stat(path)).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new Fault(
        "forbidden",
        `Cannot use the secret key "${path}": its mode is ${mode.toString(8)}, others may read it`,
        {
          hint: `Run chmod 600 ${path} once you know nobody has read it.`,
        },
      );
    }
    if (key.length !== KEY_BYTES) {
      throw new Fault(
        "corrupt",
        `Cannot use the secret key "${path}": ${key.length} bytes instead of ${KEY_BYTES}`,
      );
    }
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const key = randomBytes(KEY_BYTES);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, key, 0o600);
  return key;
}
