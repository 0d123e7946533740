import { execFile, execFileSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const REPOSITORY = resolve(import.meta.dirname, "../..");

/** Where a system's own programs are: nothing of the repository. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Plinth as its package installs it, in a folder of its own that is removed when disposed. */
export interface Installed extends Disposable {
  /** `plinth`, as on the user's PATH. */
  readonly launcher: string;
  /** What was unpacked. */
  readonly directory: string;
  /** Puts the same as another version in its place, as npm does: the folder that was there is moved away and removed. */
  replace(version: string): Promise<void>;
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
  const flags = ["--global", "--prefix", prefix, "--prefer-offline", "--no-audit", "--no-fund"];
  run("npm", "install", ...flags, archive!);
  const directory = join(prefix, "lib/node_modules/plinth");
  return {
    launcher: join(prefix, "bin/plinth"),
    directory,
    async replace(version) {
      const before = join(prefix, "lib/node_modules/.plinth-before");
      await rename(directory, before);
      // Links, so that it takes a moment: load is made by this process.
      await promisify(execFile)("cp", ["--archive", "--link", before, directory]);
      for (const path of globSync("{.,app/*}/package.json", { cwd: directory })) {
        const manifest = JSON.parse(await readFile(join(before, path), "utf8")) as object;
        await rm(join(directory, path));
        await writeFile(join(directory, path), JSON.stringify({ ...manifest, version }));
      }
      await rm(before, { recursive: true });
    },
    [Symbol.dispose]: () => rmSync(prefix, { recursive: true, force: true }),
  };
}
