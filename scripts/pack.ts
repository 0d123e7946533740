/** `npm run pack [-- DIR]`: makes plinth-VERSION.tgz, an npm package that runs without this repository. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildDashboard } from "./dashboard-build.ts";
import { writeContents } from "./package/contents.ts";
import { installedBytes } from "./package/sizes.ts";
import { readManifest } from "./package/workspace.ts";

const MEBIBYTE = 2 ** 20;
const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;

/** What `npm pack --json` says of a package. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

const target = resolve(process.argv[2] ?? "dist");
if (!buildDashboard()) throw new Error("Cannot pack: the dashboard cannot be built");
const directory = mkdtempSync(join(tmpdir(), "plinth-package-"));
try {
  writeContents(directory);
  mkdirSync(target, { recursive: true });
  const said = execFileSync("npm", ["pack", "--json", "--pack-destination", target], {
    cwd: directory,
    encoding: "utf8",
  });
  const [packed] = JSON.parse(said) as readonly Packed[];
  const { filename, size, unpackedSize, entryCount } = packed!;
  const { dependencies = {}, optionalDependencies = {} } = readManifest(join(directory, "package.json"));
  const others = installedBytes(Object.keys(dependencies));
  const runtimes = installedBytes(Object.keys(optionalDependencies));
  console.log(join(target, filename));
  console.log(`  packed: ${mebibytes(size)}, unpacked: ${mebibytes(unpackedSize)}, ${entryCount} files`);
  console.log(`  installed: ${mebibytes(unpackedSize + others)} with what it depends on,`);
  console.log(`  ${mebibytes(unpackedSize + others + runtimes)} with the runtimes for this machine`);
} finally {
  rmSync(directory, { recursive: true });
}
