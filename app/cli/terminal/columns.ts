import { fit } from "./plain-text.ts";
import type { Colour, Surface } from "./output.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
  readonly right?: boolean;
  /** Left out first where the terminal is narrow: higher goes earlier; 0, the default, always stays. */
  readonly minor?: number;
}

const GAP = 2;
/** The last column may be cut to this before minor columns are left out. */
const LAST_LEAST = 24;

/** Rows as aligned columns; on a narrow terminal minor columns are left out, then the last one is cut. */
export function columns<Row>(
  rows: readonly Row[],
  table: readonly Column<Row>[],
  surface: Surface,
): string[] {
  const cells = table.map((column) => [column.title, ...rows.map((row) => column.text(row))]);
  const widths = cells.map((texts) => Math.max(...texts.map((text) => text.length)));
  let shown = table.map((_, index) => index);
  const least = widths.map((width, index) =>
    index === widths.length - 1 ? Math.min(width, LAST_LEAST) : width,
  );
  const total = (): number => shown.reduce((sum, index) => sum + least[index]! + GAP, -GAP);
  if (surface.isTerminal) {
    while (total() > surface.columns) {
      const most = Math.max(...shown.map((index) => table[index]!.minor ?? 0));
      if (most === 0) break;
      shown = shown.filter((index) => (table[index]!.minor ?? 0) < most);
    }
  }
  const last = shown.at(-1)!;
  const before = shown.slice(0, -1).reduce((sum, index) => sum + widths[index]! + GAP, 0);
  const room = surface.isTerminal ? Math.max(surface.columns - before, 4) : Number.POSITIVE_INFINITY;

  return [undefined, ...rows].map((row, line) =>
    shown
      .map((index) => {
        const { right, colour } = table[index]!;
        const text = index === last ? fit(cells[index]![line]!, room) : cells[index]![line]!;
        const space = " ".repeat(
          index === last && right !== true ? 0 : Math.max(0, widths[index]! - text.length),
        );
        const painted = row === undefined ? surface.paint("bold", text) : paint(surface, colour?.(row), text);
        return right === true ? space + painted : painted + space;
      })
      .join(" ".repeat(GAP))
      .trimEnd(),
  );
}

function paint(surface: Surface, colour: Colour | undefined, text: string): string {
  return colour === undefined ? text : surface.paint(colour, text);
}
