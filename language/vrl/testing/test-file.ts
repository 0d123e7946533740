/**
 * Test files in VRL's manner: comments in front of a program say what it gets and what must come of it.
 *
 * - `# object:` the event, as JSON that may go on over more comment lines
 * - `# result:` what it yields: JSON, `t'…'`, `r'…'`, `s'…'` or the text itself; an error's message; after `abort` the
 *   event; or what the compiler says, as it is rendered
 * - `# result: ~` only the lines of the diagnostics' headers, of which each must contain the line here
 * - `# read_only: path`, `# read_only_recursive:`, `# read_only_metadata:`, `# read_only_metadata_recursive:`
 * - `# SKIP` in the first line: it must compile, and is not run; `# DIAGNOSTICS`: its warnings are the result
 *
 * The program begins with the first line that is no comment.
 */
import type { ReadOnlyPath } from "../checker/checker.ts";
import type { Path } from "../runtime/path.ts";

export interface TestFile {
  readonly source: string;
  /** JSON. */
  readonly object: string;
  readonly result: string;
  readonly isPartial: boolean;
  readonly isCompiledOnly: boolean;
  readonly isAboutDiagnostics: boolean;
  readonly readOnly: readonly ReadOnlyPath[];
}

const READ_ONLY: Readonly<Record<string, Omit<ReadOnlyPath, "path">>> = {
  read_only: { root: "event", isRecursive: false },
  read_only_recursive: { root: "event", isRecursive: true },
  read_only_metadata: { root: "metadata", isRecursive: false },
  read_only_metadata_recursive: { root: "metadata", isRecursive: true },
};

export function readTestFile(text: string): TestFile {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const [object, result]: [string[], string[]] = [[], []];
  const readOnly: ReadOnlyPath[] = [];
  let into: string[] | undefined;
  let isPartial = false;
  let first = 0;
  for (; lines[first]?.startsWith("#") === true; first++) {
    const line = lines[first]!.replace(/^# ?/, "");
    const [, key = "", rest = ""] =
      /^(object|result|read_only(?:_metadata)?(?:_recursive)?):(.*)$/.exec(line) ?? [];
    if (key === "object" || key === "result") {
      into = key === "object" ? object : result;
      const isTilde = key === "result" && rest.startsWith(" ~");
      isPartial ||= isTilde;
      into.push((isTilde ? rest.slice(2) : rest).trimStart());
    } else if (key !== "") readOnly.push({ ...READ_ONLY[key]!, path: readPath(rest.trim()) });
    else into?.push(line);
  }
  return {
    source: `${lines.slice(first).join("\n")}\n`,
    object: object.join(""),
    result: result.join("\n").trimEnd(),
    isPartial,
    isCompiledOnly: text.startsWith("# SKIP"),
    isAboutDiagnostics: text.startsWith("# DIAGNOSTICS"),
    readOnly,
  };
}

/** `.a."b c"[0]`. */
function readPath(text: string): Path {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\[(-?\d+)\]|([^.[\]"]+)/g)].map(([, quoted, index, field]) =>
    index === undefined ? (field ?? quoted!.replace(/\\(.)/g, "$1")) : Number(index),
  );
}
