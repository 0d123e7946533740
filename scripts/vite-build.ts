/** Builds a page of ours when its sources are newer than what was built. */
import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";

export interface PageToBuild {
  readonly name: string;
  readonly directory: string;
  readonly packageName: string;
  /** Patterns of sources elsewhere. */
  readonly alsoMadeOf?: readonly string[];
}

function newest(paths: readonly string[]): number {
  return Math.max(0, ...paths.map((path) => statSync(path).mtimeMs));
}

/** False: it cannot be built; why has been said. */
export function buildIfStale({ name, directory, packageName, alsoMadeOf = [] }: PageToBuild): boolean {
  const sources = globSync([`${directory}/{src/**/*.*,*.*}`, ...alsoMadeOf], {
    exclude: (path) => /node_modules|dist/.test(path),
  });
  const built = globSync(`${directory}/dist/**/*.*`);
  if (built.length > 0 && newest(built) >= newest([...sources, "package-lock.json"])) return true;
  console.error(`Building the ${name} …`);
  const { status } = spawnSync("npm", ["run", "--silent", "build", "--workspace", packageName], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status === 0;
}
