import { formatTable } from "./format.ts";
import type { Report } from "./report.ts";

const BEGIN = "<!-- From here `npm run bench -- --quick --keep` writes. -->";
const END = "<!-- To here. -->";

/** The README with a report's table in its place. */
export function withTable(readme: string, report: Report): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`Cannot write the table into README.md: the lines "${BEGIN}" and "${END}" are not in it`);
  const table = `\n\n\`\`\`text\n${formatTable(report)}\n\`\`\`\n\n`;
  return readme.slice(0, begin + BEGIN.length) + table + readme.slice(end);
}
