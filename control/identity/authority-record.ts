import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@plinth/fault";
import { readSecretFile, writeFileDurably } from "@plinth/file";

/** One root of the authority. Only roots that sign, or are about to, have a key: a replaced one's is erased. */
export type RootRecord =
  | { readonly state: "signing" | "prepared"; readonly certificate: string; readonly key: string }
  | { readonly state: "retiring"; readonly certificate: string; readonly replacedAtMs: number };

/** The authority's whole state: one file, so that every step of a rotation is one rename. */
export interface AuthorityRecord {
  readonly format: 1;
  readonly trustDomain: string;
  /** Grows with every change of the bundle. */
  readonly sequence: number;
  /** Certificates as DER and keys as PKCS #8, both base64; in the order they were made. */
  readonly roots: readonly RootRecord[];
}

/** Reads the record, or undefined when there is none. Refuses one that others may read: its keys are known to them. */
export async function readAuthorityRecord(path: string): Promise<AuthorityRecord | undefined> {
  const hint = `Run chmod 600 ${path} once you know nobody has read it; else rotate the root.`;
  const held = await readSecretFile(path, { what: "the authority's keys", hint });
  if (held === undefined) return undefined;
  try {
    const record = JSON.parse(held.toString()) as AuthorityRecord;
    const signing = record.roots.filter(({ state }) => state === "signing").length;
    if (record.format !== 1 || signing !== 1) throw new Error(`${signing} signing roots`);
    return record;
  } catch {
    // No cause: a parser's words quote what it read, and that is keys.
    throw new Fault("corrupt", `Cannot read the authority's state "${path}"`, {
      hint: "Bring the home's keys/ back; a new authority would be unknown to every joined host.",
    });
  }
}

export async function writeAuthorityRecord(path: string, record: AuthorityRecord): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, `${JSON.stringify(record)}\n`, 0o600);
}
