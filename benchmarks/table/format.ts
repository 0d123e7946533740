import { type Figure, ratioOf } from "../case.ts";
import { toInstall } from "../programs.ts";
import type { Part, Report } from "./report.ts";

/** Within so much of each other two figures of so short a run are the same. */
const SAME_SHARE = 0.05;

const HEADINGS = ["", "", "ours", "rival", "ratio", "ours is"] as const;
/** What stands to the right of its column: numbers. */
const NUMBERS: ReadonlySet<number> = new Set([2, 3, 4]);
const NOTHING = "–";

type Cells = readonly [
  what: string,
  unit: string,
  ours: string,
  rival: string,
  ratio: string,
  verdict: string,
];

/** The one table: aligned, for somebody who sees it the first time. */
export function formatTable({ parts, machine, takenAt, seconds, commit }: Report): string {
  // Without its rivals a figure of ours is the same beside each.
  const rows = parts.map(({ figures }) => [
    ...new Map(figures.map(cellsOf).map((cells) => [cells.join(), cells])).values(),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.flat().map((cells) => cells[column]!.length)),
  );
  const line = (cells: Cells | typeof HEADINGS): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column]!;
      return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${padded.join("  ")}`.trimEnd();
  };
  const lines = [line(HEADINGS)];
  for (const [index, part] of parts.entries()) {
    lines.push("", headingOf(part), ...part.notes.map((note) => `  ${note}`), ...rows[index]!.map(line));
    lines.push(...lackOf(part).map((lack) => `  ${lack}`));
  }
  const { cpu, cores, memoryGiB, system, kernel, versions } = machine;
  lines.push(
    "",
    `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${memoryGiB} GiB`,
    `${system}, Linux ${kernel}, Node ${versions["node"]?.slice(1)}, Bun ${versions["bun"]}`,
    `${takenAt.slice(0, 10)}, in ${seconds} s${commit === undefined ? "" : `, commit ${commit}`}`,
  );
  return lines.join("\n");
}

/** With the rivals that were measured and their versions. */
function headingOf({ title, figures }: Part): string {
  const measured = figures.filter(({ rival }) => rival !== undefined);
  const rivals = new Set(measured.map(({ rivalProgram, rivalName }) => rivalProgram ?? rivalName));
  return rivals.size === 0 ? title : `${title}, beside ${[...rivals].join(" and ")}`;
}

/** What was not measured, why, and what to type. */
function lackOf({ figures, missing, failure }: Part): string[] {
  const lacks = [
    ...(missing.length === 0 ? [] : [`not measured: ${isNotInstalled(missing)}`]),
    ...(failure === undefined ? [] : [`not measured: ${failure.split("\n")[0]}`]),
    ...figures
      .filter(({ rival }) => rival === undefined)
      .map(({ rivalName, missing: program = rivalName, refusal }) =>
        refusal === undefined ? isNotInstalled([program]) : `${rivalName} does not run here: ${refusal}`,
      ),
  ];
  return [...new Set(lacks)];
}

function isNotInstalled(programs: readonly string[]): string {
  const is = programs.length === 1 ? "is" : "are";
  return `${programs.join(" and ")} ${is} not installed; what to type: ${toInstall(programs)}`;
}

function cellsOf(figure: Figure): Cells {
  const { name, unit, ours, rival, rivalName, missing = rivalName, outOf } = figure;
  const ratio = ratioOf(figure);
  const own = number(ours, outOf?.ours);
  if (rival === undefined || ratio === undefined) return [name, unit, own, NOTHING, NOTHING, `no ${missing}`];
  return [
    name,
    unit,
    own,
    number(rival, outOf?.rival),
    number(ratio),
    `${verdictOf(figure, ratio)} ${rivalName}`,
  ];
}

function verdictOf({ ratioMin }: Figure, ratio: number): string {
  if (Math.abs(Math.log(ratio)) <= Math.log(1 + SAME_SHARE)) return "same as";
  const isMoreBetter = ratioMin !== undefined;
  return ratio > 1 === isMoreBetter ? "better than" : "worse than";
}

/** Three digits that say something, and "of" how many. */
function number(value: number, of?: number): string {
  if (of !== undefined) return `${number(value)} of ${number(of)}`;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
