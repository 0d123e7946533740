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
  "ts",
  "js",
  "json",
  "yaml",
  "sh",
  "html",
  "text",
  "dockerfile",
]);
const PROMPT = /^(?:([a-z]+))?\$ (.*)$/;

/** From the text of a page. */
export function readPage(content: string): Page {
  const steps: Step[] = [];
  const problems: string[] = [];
  const links: { line: number; target: string }[] = [];
  const code: { line: number; text: string }[] = [];
  const anchors = new Set<string>();
  const lines = content.split("\n");
  const [, folder = "app"] = /folder called `([a-z]+)`/.exec(content) ?? [];
  let said = "";
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index]!;
    const line = index + 1;
    if (text.startsWith(FENCE)) {
      const end = lines.indexOf(FENCE, index + 1);
      if (end === -1) {
        problems.push(`${line}: the block does not end`);
        break;
      }
      const block = lines.slice(index + 1, end);
      const [language = "", file, ...rest] = text.slice(FENCE.length).split(" ");
      if (language === "console" && file === undefined) steps.push(...readConsole(block, line + 1));
      else if (FILE_LANGUAGES.has(language) && file !== undefined && rest.length === 0) {
        steps.push({ kind: "file", line, path: file, content: `${block.join("\n")}\n` });
        // The word behind the language is shown to nobody.
        if (!said.includes(`\`${file}\``)) problems.push(`${line}: nothing before it names \`${file}\``);
      } else problems.push(`${line}: a block of "${text.slice(FENCE.length)}" cannot be tried`);
      index = end;
      continue;
    }
    if (text.startsWith("    ") && said === "") problems.push(`${line}: a block without a fence`);
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) links.push({ line, target: target! });
    if (text.split("`").length % 2 === 0) problems.push(`${line}: code that goes on in another line`);
    for (const [, inner] of text.matchAll(/`([^`]+)`/g)) code.push({ line, text: inner! });
    const [, heading] = /^#+ (.*)$/.exec(text) ?? [];
    if (heading !== undefined) anchors.add(anchorOf(heading));
    said = text === "" ? "" : said + text;
    if (text === "" && lines[index + 1]?.startsWith(FENCE)) said = paragraphBefore(lines, index);
  }
  return { folder, steps, problems, links, code, anchors };
}

function paragraphBefore(lines: readonly string[], end: number): string {
  let start = end;
  while (start > 0 && lines[start - 1] !== "" && !lines[start - 1]!.startsWith(FENCE)) start--;
  return lines.slice(start, end).join(" ");
}

function readConsole(block: readonly string[], first: number): CommandStep[] {
  const steps: (CommandStep & { prints: string[] })[] = [];
  for (let index = 0; index < block.length; index++) {
    const [, machine, typed] = PROMPT.exec(block[index]!) ?? [];
    if (typed === undefined) {
      steps.at(-1)?.prints.push(block[index]!);
      continue;
    }
    const line = first + index;
    let command = typed;
    while (command.endsWith("\\")) command = command.slice(0, -1) + block[++index]!.trim();
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
