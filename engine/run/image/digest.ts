import { createHash, type Hash } from "node:crypto";
import { Fault } from "@plinth/fault";

/** What content is named by: its hash. */
export type Digest = `${DigestAlgorithm}:${string}`;
export type DigestAlgorithm = "sha256" | "sha512";

const hexDigits: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };

export function isDigest(text: unknown): text is Digest {
  if (typeof text !== "string") return false;
  const colon = text.indexOf(":");
  const digits = hexDigits[text.slice(0, colon) as DigestAlgorithm];
  return (
    digits !== undefined && text.length === colon + 1 + digits && /^[0-9a-f]+$/.test(text.slice(colon + 1))
  );
}

/** Fault `invalid` for anything but sha256 and sha512 in lower-case hexadecimal. */
export function parseDigest(text: unknown, where: string): Digest {
  if (isDigest(text)) return text;
  throw new Fault(
    "invalid",
    `Cannot use the digest ${JSON.stringify(text) ?? "that is missing"} in ${where}: expected sha256: and 64, or sha512: and 128 lower-case hexadecimal digits`,
  );
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The digits behind the algorithm: what a blob's file is called. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** For a message or a column: the first twelve digits, as the field shows them. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}

export function hashFor(digest: Digest): Hash {
  return createHash(algorithmOf(digest));
}

export function digestOf(content: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}
