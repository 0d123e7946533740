import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Certificates in a directory, made by openssl. */
export interface TestAuthority {
  readonly ca: string;
  /** Makes NAME.crt and NAME.key of this common name, for 127.0.0.1 and localhost. */
  issue(name: string): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Undefined where openssl is not installed. */
export async function makeAuthority(directory: string, name: string): Promise<TestAuthority | undefined> {
  const [ca, caKey] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const openssl = (...words: string[]): Promise<unknown> => run("openssl", words, { timeout: 10_000 });
  try {
    await openssl(
      "req",
      "-x509",
      ...curve,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      caKey,
      "-out",
      ca,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const extensions = join(directory, `${name}.ext`);
  await writeFile(extensions, "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  return {
    ca,
    async issue(subject) {
      const [cert, key] = [join(directory, `${subject}.crt`), join(directory, `${subject}.key`)];
      const request = join(directory, `${subject}.csr`);
      await openssl("req", ...curve, "-subj", `/CN=${subject}`, "-keyout", key, "-out", request);
      const from = ["-in", request, "-CA", ca, "-CAkey", caKey, "-CAcreateserial"];
      await openssl("x509", "-req", ...from, "-days", "2", "-extfile", extensions, "-out", cert);
      return { cert, key };
    },
  };
}
