/** How long a program takes to compile: first thing in a process, and when the compiler's own code is compiled. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import { compile, standardLibrary, webHost } from "@plinth/vrl";
import { median } from "../case.ts";

export const COMPILED_LINES = 200;

/** Ten kinds of line, each on fields of its own. */
function programOf(lines: number): string {
  const kinds: readonly ((n: number) => string)[] = [
    (n) => `.field${n} = upcase(string!(.source${n}))`,
    (n) => `if exists(.flag${n}) { .field${n} = 1 } else { .field${n} = 2 }`,
    (n) => `.sum${n} = to_int(.a${n}) ?? 0`,
    (n) => `value${n}, err = parse_json(.json${n})`,
    (n) => `.nested.a.b${n} = [1, 2, { "n": ${n} }]`,
    (n) => `.match${n} = match(string!(.text), r'^[a-z]+${n}\\d*$')`,
    (n) => `del(.old${n})`,
    (n) => `.text${n} = "n is " + to_string(${n}) + "!"`,
    (n) => `.mapped${n} = map_values({ "k": ${n} }) -> |v| { v + 1 }`,
    (n) => `# line ${n}`,
  ];
  return Array.from({ length: lines }, (_, index) => kinds[index % kinds.length]!(index)).join("\n");
}

/** Milliseconds of one compilation. */
function compileOnce(): number {
  const source = programOf(COMPILED_LINES);
  const startMs = performance.now();
  const { program, diagnostics } = compile(source, { functions: standardLibrary, host: webHost() });
  const ms = performance.now() - startMs;
  if (program === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return ms;
}

export function warmCompilationMs(times: number): number {
  return median(Array.from({ length: times * 2 }, compileOnce).slice(times));
}

/** The first of a process, without what loading the library takes. */
export async function coldCompilationMs(times: number): Promise<number> {
  const each: number[] = [];
  for (let time = 0; time < times; time++) {
    const { stdout } = await promisify(execFile)(runtimePath("node")!, [import.meta.filename]);
    each.push(Number(stdout));
  }
  return median(each);
}

if (import.meta.main) console.log(compileOnce());
