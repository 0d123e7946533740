import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@plinth/file";

/** 256 bits: beyond guessing. */
const TOKEN_BYTES = 32;

/** The bearer token of the TCP API, made at random on the first start; there is no default. */
export async function openToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  await writeFileDurably(path, `${token}\n`, 0o600);
  return token;
}
