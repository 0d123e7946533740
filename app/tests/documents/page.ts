/** A file that the reader is told to write. */
export interface FileStep {
  readonly kind: "file";
  readonly line: number;
  /** Relative to the folder that the page is worked through in. */
  readonly path: string;
  readonly content: string;
}

/** A line that the reader is told to type. */
export interface CommandStep {
  readonly kind: "command";
  readonly line: number;
  /** The machine before the prompt, as in `beta$ plinth ps`; undefined where there is only one. */
  readonly machine: string | undefined;
  readonly command: string;
  /** What it prints, line by line. */
  readonly prints: readonly string[];
}

export type Step = FileStep | CommandStep;

/** A page of docs/ as its reader has it. */
export interface Page {
  /** What the folder is called in which the page is worked through. */
  readonly folder: string;
  /** What to do, in order. */
  readonly steps: readonly Step[];
  /** Blocks that nothing can be done with: why. */
  readonly problems: readonly string[];
  readonly links: readonly { readonly line: number; readonly target: string }[];
  /** Code within sentences. */
  readonly code: readonly { readonly line: number; readonly text: string }[];
  /** What a link may name behind "#". */
  readonly anchors: ReadonlySet<string>;
}

const FENCE = "```";
/** What files are written in; the word says how they are coloured. */
const FILE_LANGUAGES: ReadonlySet<string> = new Set([
  "conf",
  "html",
  "js",
  "json",
  "sh",
  "text",
  "ts",
  "yaml",
]);
const PROMPT = /^(?:([a-z]+))?\$ (.*)$/;

interface Block {
  readonly line: number;
  /** What stands behind the fence: how it is coloured, and the name of a file. */
  readonly info: string;
  readonly lines: readonly string[];
  /** The paragraph before it. */
  readonly before: string;
}

interface Divided {
  readonly blocks: readonly Block[];
  readonly prose: readonly { readonly line: number; readonly text: string }[];
}

/** From the text of a page. */
export function readPage(content: string): Page {
  const { blocks, prose } = divide(content.split("\n"));
  const problems: string[] = [];
  const steps = blocks.flatMap((block) => readBlock(block, problems));
  let before = "";
  for (const { line, text } of prose) {
    if (text.startsWith("    ") && before === "") problems.push(`${line}: a block without a fence`);
    if (text.split("`").length % 2 === 0) problems.push(`${line}: code that goes on in another line`);
    before = text;
  }
  const all = (pattern: RegExp): { line: number; found: string }[] =>
    prose.flatMap(({ line, text }) =>
      [...text.matchAll(pattern)].map((match) => ({ line, found: match[1]! })),
    );
  return {
    folder: /folder called `([a-z]+)`/.exec(content)?.[1] ?? "app",
    steps,
    problems,
    links: all(/\]\(([^)\s]+)\)/g).map(({ line, found }) => ({ line, target: found })),
    code: all(/`([^`]+)`/g).map(({ line, found }) => ({ line, text: found })),
    anchors: new Set(all(/^#+ (.*)$/g).map(({ found }) => anchorOf(found))),
  };
}

/** A block that does not end goes on to the end of the page. */
function divide(lines: readonly string[]): Divided {
  const blocks: Block[] = [];
  const prose: { line: number; text: string }[] = [];
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index]!;
    const line = index + 1;
    if (!text.startsWith(FENCE)) {
      prose.push({ line, text });
      continue;
    }
    const found = lines.indexOf(FENCE, line);
    const end = found === -1 ? lines.length : found;
    const before = paragraphBefore(lines, index);
    blocks.push({ line, info: text.slice(FENCE.length), lines: lines.slice(line, end), before });
    index = end;
  }
  return { blocks, prose };
}

function paragraphBefore(lines: readonly string[], block: number): string {
  const end = lines[block - 1] === "" ? block - 1 : block;
  let start = end;
  while (start > 0 && lines[start - 1] !== "" && lines[start - 1] !== FENCE) start--;
  return lines.slice(start, end).join(" ");
}

function readBlock({ line, info, lines, before }: Block, problems: string[]): Step[] {
  const [language = "", path, ...rest] = info.split(" ");
  if (info === "console" && PROMPT.test(lines[0] ?? "")) return readConsole(lines, line + 1);
  if (!FILE_LANGUAGES.has(language) || path === undefined || rest.length > 0) {
    problems.push(`${line}: a block of "${info}" cannot be tried`);
    return [];
  }
  // The name behind the fence is shown to nobody.
  if (!before.includes(`\`${path}\``)) problems.push(`${line}: nothing before it names \`${path}\``);
  return [{ kind: "file", line, path, content: `${lines.join("\n")}\n` }];
}

function readConsole(lines: readonly string[], first: number): CommandStep[] {
  const steps: (CommandStep & { prints: string[] })[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, machine, typed] = PROMPT.exec(lines[index]!) ?? [];
    if (typed === undefined) {
      steps.at(-1)!.prints.push(lines[index]!);
      continue;
    }
    const line = first + index;
    let command = typed;
    while (command.endsWith("\\")) command = command.slice(0, -1) + lines[++index]!.trim();
    steps.push({ kind: "command", line, machine, command, prints: [] });
  }
  return steps;
}

/** As the usual readers of Markdown make it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
