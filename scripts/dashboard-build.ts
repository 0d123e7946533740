/** Builds the dashboard when its sources are newer than what was built. */
import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";

const DIRECTORY = "app/dashboard";

function newest(paths: readonly string[]): number {
  return Math.max(0, ...paths.map((path) => statSync(path).mtimeMs));
}

export function buildDashboard(): boolean {
  const sources = globSync(`${DIRECTORY}/{src/**/*.*,*.*}`, {
    exclude: (path) => /node_modules|dist/.test(path),
  });
  const built = globSync(`${DIRECTORY}/dist/**/*.*`);
  if (built.length > 0 && newest(built) >= newest([...sources, "package-lock.json"])) return true;
  console.error("Building the dashboard …");
  const { status } = spawnSync("npm", ["run", "--silent", "build", "--workspace", "@plinth/dashboard"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status === 0;
}
