import { stripTypeScriptTypes } from "node:module";
import { dirname, join, relative } from "node:path";
import { parseSync } from "vite";
import type { Workspace } from "./workspace.ts";

/** What one module became, and what it needs. */
export interface Compiled {
  readonly code: string;
  /** Files of the repository, modules and others; those that end in a slash are folders. */
  readonly files: readonly string[];
  /** Packages that are not ours. */
  readonly packages: readonly string[];
}

/** `new URL("../package.json", import.meta.url)`; a module's own extension stands for that of another. */
const BESIDE = /new URL\(\s*["`]([^"`$]+)(\$\{extname\(import\.meta\.url\)\})?["`],\s*import\.meta\.url/g;
const FOLDER_BESIDE = /join\(import\.meta\.dirname, "([^"]+)"\)/g;
/** What is resolved while the program runs; imports are read by a parser. */
const RESOLVED = /(?:createRequire\(import\.meta\.url\)|import\.meta\.resolve)\(\s*"([^"]+)"/g;

/** Where a module lies once its types are gone. */
export function compiledPath(path: string): string {
  return path.replace(/\.ts$/, ".js");
}

/**
 * Takes the types out of a module and leaves everything else where it was, so that a stack names the lines of the source.
 * Packages of ours, which a registry does not have, are imported by their path instead.
 */
export function compile(path: string, source: string, workspace: Workspace): Compiled {
  const stripped = path.endsWith(".d.ts") ? source : stripTypeScriptTypes(source);
  const { code, files, packages } = withPaths(path, stripped, workspace);
  for (const [, beside = "", extension] of code.matchAll(BESIDE)) {
    const file = join(dirname(path), extension === undefined ? beside : `${beside}.ts`);
    if (!/(^|\/)\.\.?$/.test(beside)) files.push(file);
  }
  for (const [, folder = ""] of code.matchAll(FOLDER_BESIDE)) files.push(`${join(dirname(path), folder)}/`);
  for (const [, specifier = ""] of code.matchAll(RESOLVED)) packages.push(packageOf(specifier));
  return { code, files, packages };
}

function withPaths(
  path: string,
  source: string,
  workspace: Workspace,
): { code: string; files: string[]; packages: string[] } {
  const files: string[] = [];
  const packages: string[] = [];
  let code = "";
  let taken = 0;
  for (const { start, end } of specifiersOf(path, source)) {
    const specifier = source.slice(start + 1, end - 1);
    if (specifier.startsWith("node:")) continue;
    const target = specifier.startsWith(".") ? join(dirname(path), specifier) : workspace.door(specifier);
    if (target === undefined) {
      packages.push(packageOf(specifier));
      continue;
    }
    files.push(target);
    const beside = relative(dirname(path), compiledPath(target));
    code += `${source.slice(taken, start)}"${beside.startsWith(".") ? beside : `./${beside}`}"`;
    taken = end;
  }
  return { code: code + source.slice(taken), files, packages };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** The places of import specifiers, with their quotes, in order. */
function specifiersOf(path: string, source: string): Place[] {
  const { module, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`Cannot pack "${path}": ${errors[0]!.message}`);
  const places: Place[] = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) => moduleRequest),
  ].filter(({ start, end }) => /^(["']).*\1$/.test(source.slice(start, end)));
  // `export { a, b } from "x"` is an entry for each of its names.
  const byStart = new Map(places.map((place) => [place.start, place]));
  return [...byStart.values()].toSorted((a, b) => a.start - b.start);
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
