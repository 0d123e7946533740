import { open } from "node:fs/promises";
import { Fault } from "@plinth/fault";

/** Keys, certificates and passwords are smaller; what is larger is another file. */
const SECRET_BYTES_MAX = 1024 * 1024;

export interface SecretFileOptions {
  /** What messages call it: "Cannot use <what> …". */
  readonly what: string;
  /** What to do where others may read it. Default: to take that right from them. */
  readonly hint?: string;
}

/**
 * Reads a file that only its owner may read; undefined where there is none. Fault "forbidden" where others may: what is
 * in it has to be taken as known to them. Fault "too-large" beyond 1 MiB. No message quotes the content.
 */
export async function readSecretFile(path: string, options: SecretFileOptions): Promise<Buffer | undefined> {
  try {
    // Mode and content of the same file, whatever happens to its name in between.
    await using file = await open(path, "r");
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new Fault(
        "forbidden",
        `Cannot use ${options.what} "${path}": its mode is ${(mode & 0o777).toString(8)}, others may read it`,
        { hint: options.hint ?? `Run chmod 600 ${path} once you know nobody has read it.` },
      );
    }
    if (size > SECRET_BYTES_MAX) {
      throw new Fault(
        "too-large",
        `Cannot use ${options.what} "${path}": it is larger than ${SECRET_BYTES_MAX} bytes`,
      );
    }
    return await file.readFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
