import { Fault, type FaultCode, messageOf } from "@plinth/fault";

const codes: Readonly<Record<string, FaultCode>> = {
  ENOSPC: "exhausted",
  EDQUOT: "exhausted",
  28: "exhausted", // ENOSPC as LMDB says it
  EACCES: "forbidden",
  EPERM: "forbidden",
  EROFS: "forbidden",
  ENOENT: "not-found",
  ENOTDIR: "invalid",
  EISDIR: "invalid",
};

const FULL_HINT = "Make room on the disk, or choose another place.";

/** What the system says of a file as a Fault, and a store of its full disk; anything else as it is. */
export function fileFault(error: unknown, cannot: string): unknown {
  if (error instanceof Fault && error.code === "exhausted") {
    return new Fault("exhausted", `${cannot}: ${error.message}`, { cause: error, hint: FULL_HINT });
  }
  const code = error instanceof Error && "code" in error ? codes[String(error.code)] : undefined;
  if (code === undefined) return error;
  // LMDB would tell of its pages.
  const why = code === "exhausted" ? "the disk is full" : messageOf(error);
  return new Fault(code, `${cannot}: ${why}`, {
    cause: error,
    ...(code === "exhausted" && { hint: FULL_HINT }),
  });
}
