import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dirname, "../..");

/** Where a system's own programs are: nothing of the repository. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Plinth as its package installs it, in a folder of its own that is removed when disposed. */
export interface Installed extends Disposable {
  /** `plinth`, as on the user's PATH. */
  readonly launcher: string;
  /** What was unpacked. */
  readonly directory: string;
}

/** Makes the package and has npm install it; what it depends on comes from npm's cache where it is there. */
export function installPackage(): Installed {
  const prefix = mkdtempSync(join(tmpdir(), "plinth-prefix-"));
  const run = (...command: readonly string[]): void =>
    void execFileSync(command[0]!, command.slice(1), {
      cwd: REPOSITORY,
      stdio: ["ignore", "ignore", "pipe"],
    });
  run(process.execPath, "--disable-warning=ExperimentalWarning", "scripts/pack.ts", prefix);
  const [archive] = globSync(join(prefix, "plinth-*.tgz"));
  run(
    "npm",
    "install",
    "--global",
    "--prefix",
    prefix,
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    archive!,
  );
  return {
    launcher: join(prefix, "bin/plinth"),
    directory: join(prefix, "lib/node_modules/plinth"),
    [Symbol.dispose]: () => rmSync(prefix, { recursive: true, force: true }),
  };
}
