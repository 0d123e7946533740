import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { compile, compiledPath } from "./javascript.ts";
import { type Manifest, readManifest, Workspace } from "./workspace.ts";

/** What is started or imported from outside; all else is reached from here. */
const PROGRAMS: readonly string[] = [
  "app/cli/plinth",
  "app/cli/launch.sh",
  "app/cli/main.ts",
  "app/cli/index.ts",
  "app/oci/plinth-oci",
  "app/oci/main.ts",
  "LICENSE",
  "README.md",
];
/** What a config imports, whose types editors read. */
const DOOR = "app/cli/index.ts";
/** Where else its types are from. */
const TYPES = "foundation";

/** Writes into a folder what the package holds: all that the programs reach, and nothing else. */
export function writeContents(directory: string): void {
  const workspace = new Workspace();
  const dependencies = new Map<string, string>();
  const take = (path: string, source: string): { code: string; files: readonly string[] } => {
    const { code, files, packages } = compile(path, source, workspace);
    for (const name of packages) dependencies.set(name, declaredVersion(name, path, workspace));
    return { code, files };
  };

  follow(PROGRAMS, (path) => {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    if (path.endsWith(".ts")) {
      const { code, files } = take(path, readFileSync(path, "utf8"));
      writeFileSync(compiledPath(target), code);
      return files;
    }
    if (basename(path) === "package.json") writeFileSync(target, ownManifest(workspace.manifestOf(path)));
    else cpSync(path, target, { recursive: true });
    return [];
  });

  const declarations = mkdtempSync(join(tmpdir(), "plinth-declarations-"));
  try {
    declare(DOOR, declarations);
    follow([DOOR], (path) => {
      const declaration = path.replace(/\.ts$/, ".d.ts");
      const { code, files } = take(declaration, readFileSync(join(declarations, declaration), "utf8"));
      writeFileSync(join(directory, declaration), code);
      return files;
    });
  } finally {
    rmSync(declarations, { recursive: true });
  }
  writeFileSync(join(directory, "package.json"), packageManifest(workspace, dependencies));
}

/** Visits what each visit names, once. */
function follow(from: readonly string[], visit: (path: string) => readonly string[]): void {
  const seen = new Set(from);
  for (const path of seen) for (const next of visit(path)) seen.add(next);
}

/** Writes the types of a module, and of those that it takes types from. */
function declare(path: string, directory: string): void {
  const root = process.cwd();
  const settings = join(directory, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: directory,
    typeRoots: [resolve("node_modules/@types")],
  };
  const sources = { files: [resolve(path)], include: [resolve(TYPES)], exclude: ["**/*.test.ts"] };
  writeFileSync(settings, json({ extends: resolve("tsconfig.json"), compilerOptions, ...sources }));
  execFileSync("node_modules/.bin/tsc", ["-p", settings], { stdio: ["ignore", "inherit", "inherit"] });
}

/** What a module may import is what its own manifest names, at the one version that it says and the lock file holds. */
function declaredVersion(name: string, path: string, workspace: Workspace): string {
  const own = workspace.manifestOf(path);
  const wanted = own.dependencies?.[name];
  if (wanted === undefined)
    throw new Error(`Cannot pack "${path}": ${own.name} does not depend on "${name}"`);
  return wanted;
}

/** Of the manifests within the package only these facts are read, and the kind of their modules. */
function ownManifest({ name, version, license }: Manifest): string {
  return json({ name, version, private: true, license, type: "module" });
}

function packageManifest(workspace: Workspace, dependencies: ReadonlyMap<string, string>): string {
  const root = readManifest("package.json");
  const { name, version, description, license } = workspace.manifestOf(DOOR);
  const door = `./${compiledPath(DOOR)}`;
  return json({
    name,
    version,
    description,
    license,
    type: "module",
    bin: { plinth: "app/cli/plinth", "plinth-oci": "app/oci/plinth-oci" },
    exports: { ".": { types: door.replace(/\.js$/, ".d.ts"), default: door } },
    engines: root.engines,
    dependencies: Object.fromEntries([...dependencies].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    optionalDependencies: root.optionalDependencies,
  });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
