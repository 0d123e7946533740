/** Stands for anything within a line; alone on a line, for any lines. */
const ANYTHING = "…";

/** Whether a command printed what a page shows; blanks are blanks, however many. */
export function printsAs(shown: readonly string[], printed: string): boolean {
  const lines = plain(shown).map((line) =>
    line === ANYTHING ? "(?:[^\\n]*\\n)*" : `${line.split(ANYTHING).map(escape).join("[^\\n]*")}\\n`,
  );
  const found = plain(printed.split("\n"));
  return new RegExp(`^${lines.join("")}$`).test(found.map((line) => `${line}\n`).join(""));
}

/** Without what is only there to be looked at. */
function plain(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim().replace(/\s+/g, " ")).filter((line) => line !== "");
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
