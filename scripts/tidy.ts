/** Checks what no compiler does: layer order, names, and imports that leave their package. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

const layers = ["foundation", "protocol", "language", "engine", "control", "app"];
/** Layers whose packages may use each other. */
const siblingsAllowed = new Set(["foundation", "protocol", "control", "app"]);
const bannedNames = /^(utils?|helpers?|common|shared|misc|lib|types)(\.ts)?$/;
const LINES_MAX = 600;
/** Schemas and tables are data and may be long. */
const data = /(^definitions|-data)\.ts$/;

const problems: string[] = [];
const packages = new Map<string, { layer: string; directory: string }>();

const manifests = globSync(`{${layers.join(",")}}/*/package.json`);
const parsed = manifests.map((path) => ({
  path,
  manifest: JSON.parse(readFileSync(path, "utf8")) as { name: string; dependencies?: Record<string, string> },
}));
for (const { path, manifest } of parsed) {
  packages.set(manifest.name, { layer: path.split(sep)[0]!, directory: dirname(path) });
}

for (const { path, manifest } of parsed) {
  const own = packages.get(manifest.name)!;
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const used = packages.get(name);
    if (used === undefined) continue;
    const distance = layers.indexOf(own.layer) - layers.indexOf(used.layer);
    if (distance < 0)
      problems.push(`${path}: ${own.layer} may not depend on ${name}, which is in ${used.layer}`);
    if (distance === 0 && !siblingsAllowed.has(own.layer)) {
      problems.push(`${path}: packages of ${own.layer} may not depend on each other (${name})`);
    }
  }
}

for (const path of globSync(`{${layers.join(",")},examples,benchmarks,scripts}/**/*.{ts,tsx}`, {
  exclude: (candidate) => /node_modules|dist/.test(candidate),
})) {
  const names = path.split(sep);
  for (const name of names) {
    if (bannedNames.test(name)) problems.push(`${path}: "${name}" says nothing; name the idea`);
  }
  const file = names.at(-1)!;
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*\.tsx?$/.test(file)) problems.push(`${path}: file names are in kebab-case`);
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n").length;
  if (lines > LINES_MAX && !data.test(file))
    problems.push(`${path}: ${lines} lines; a second idea has moved in`);
  if (!layers.includes(names[0]!)) continue;
  const home = join(names[0]!, names[1]!);
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]*)"/g)) {
    const target = relative(home, resolve(dirname(path), specifier!));
    if (relative(resolve(home), resolve(dirname(path), specifier!)).startsWith("..")) {
      problems.push(`${path}: "${specifier}" leaves the package (${target})`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
