/** As wide as runc's columns are, whose readers cut at places. */
const COLUMN_CHARACTERS_MIN = 12;
const GAP_CHARACTERS = 3;

/** Lines of columns, each as wide as its widest cell. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(COLUMN_CHARACTERS_MIN, ...rows.map((row) => row[column]!.length + GAP_CHARACTERS)),
  );
  return rows
    .map(
      (row) =>
        `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("")}\n`,
    )
    .join("");
}
