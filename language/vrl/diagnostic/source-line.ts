/** Draws one line of source with the labels below it. */
import { isWhitespace } from "../lexer/characters.ts";
import type { Severity } from "./diagnostic.ts";
import { characterWidth } from "./character-width.ts";
import { labelStyle, type Painter } from "./painter.ts";

/** Columns between stops of tabs. */
const TAB_WIDTH = 4;

/** A label on one line; offsets are UTF-16 units of the line, `end` at least one after `start`. */
export interface LineLabel {
  readonly isPrimary: boolean;
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** What a line holds of a label that goes over several: where it begins or ends, or nothing but its border. */
export interface BlockLabel {
  /** Its column among the borders. */
  readonly column: number;
  readonly isPrimary: boolean;
  readonly part: "top" | "middle" | "bottom";
  /** Of the top or bottom, in UTF-16 units of the line. */
  readonly offset: number;
  /** Of the bottom. */
  readonly message: string;
}

export interface Frame {
  readonly painter: Painter;
  readonly severity: Severity;
  /** Digits of the largest line number. */
  readonly gutterWidth: number;
  /** How many labels of the diagnostic go over several lines. */
  readonly blockColumns: number;
}

interface Character {
  readonly text: string;
  /** In UTF-16 units of the line. */
  readonly offset: number;
  readonly width: number;
}

/** `text`: the line, with or without its newline. */
export function drawSourceLine(
  frame: Frame,
  lineNumber: number,
  text: string,
  labels: readonly LineLabel[],
  blocks: readonly BlockLabel[],
): void {
  let end = text.length;
  while (end > 0 && "\n\r\0".includes(text[end - 1]!)) end--;
  const line = new SourceLine(frame, text.slice(0, end), labels, blocks);
  line.drawSource(lineNumber);
  if (labels.length > 0) line.drawLabels();
  line.drawBlockEnds();
}

/** The border of a line that is not of the source: `mark` is `│`, or `·` where lines are left out. */
export function drawBorder(frame: Frame, mark: string, blocks: readonly BlockLabel[]): void {
  const { painter } = frame;
  painter.write(`${" ".repeat(frame.gutterWidth)} `);
  painter.paint("frame", mark);
  for (let column = 0; column < frame.blockColumns; column++) {
    const block = blocks.find((one) => one.column === column);
    if (block === undefined || block.part === "top") painter.write("  ");
    else {
      painter.write(" ");
      painter.paint(labelStyle(frame.severity, block.isPrimary), "│");
    }
  }
}

class SourceLine {
  readonly #frame: Frame;
  readonly #painter: Painter;
  readonly #text: string;
  readonly #labels: readonly LineLabel[];
  readonly #blocks: readonly BlockLabel[];
  readonly #characters: readonly Character[];

  constructor(frame: Frame, text: string, labels: readonly LineLabel[], blocks: readonly BlockLabel[]) {
    this.#frame = frame;
    this.#painter = frame.painter;
    this.#text = text;
    this.#labels = labels;
    this.#blocks = blocks;
    this.#characters = measure(text);
  }

  drawSource(lineNumber: number): void {
    const painter = this.#painter;
    painter.paint("frame", String(lineNumber).padStart(this.#frame.gutterWidth));
    painter.write(" ");
    painter.paint("frame", "│");
    for (let column = 0; column < this.#frame.blockColumns; column++) {
      const block = this.#blocks.find((one) => one.column === column);
      const mark = block === undefined ? "" : block.part !== "top" ? "│" : this.#isIndent(block) ? "╭" : "";
      painter.write(mark === "" ? "  " : " ");
      if (mark !== "") painter.paint(this.#style(block!.isPrimary), mark);
    }
    painter.write(" ");
    let isMarked = false;
    for (const character of this.#characters) {
      const isPrimary = this.#isPrimary(character);
      if (isPrimary !== isMarked) {
        if (isPrimary) painter.begin(this.#style(true));
        else painter.end();
      }
      isMarked = isPrimary;
      painter.write(character.text === "\t" ? " ".repeat(character.width) : character.text);
    }
    if (isMarked) painter.end();
    painter.write("\n");
  }

  /** Underlines, and their messages: one beside them where there is room, the others below, hanging on lines. */
  drawLabels(): void {
    const painter = this.#painter;
    const trailing = this.#trailingLabel();
    this.#drawBorder();
    painter.write(" ");
    this.#drawUnderlines();
    if (trailing !== undefined) {
      painter.write(" ");
      painter.paint(this.#style(trailing.isPrimary), trailing.message);
    }
    painter.write("\n");

    const hanging = this.#labels.filter((label) => label.message !== "" && label !== trailing);
    if (hanging.length === 0) return;
    this.#drawBorder();
    painter.write(" ");
    this.#drawPointers(hanging, this.#text.length);
    painter.write("\n");
    for (const label of hanging.toReversed()) {
      this.#drawBorder();
      painter.write(" ");
      this.#drawPointers(hanging, label.start);
      painter.paint(this.#style(label.isPrimary), label.message);
      painter.write("\n");
    }
  }

  /** Where labels over several lines begin or end below this one. */
  drawBlockEnds(): void {
    this.#blocks.forEach((block, index) => {
      if (block.part === "middle" || (block.part === "top" && this.#isIndent(block))) return;
      this.#drawBlockEnd(block, index);
    });
  }

  #drawBlockEnd(block: BlockLabel, index: number): void {
    const painter = this.#painter;
    painter.write(`${" ".repeat(this.#frame.gutterWidth)} `);
    painter.paint("frame", "│");
    let hasBegun = false;
    for (let column = 0; column < this.#frame.blockColumns; column++) {
      const other = this.#blocks.find((one) => one.column === column);
      if (other === block) {
        painter.write(" ");
        painter.paint(this.#style(block.isPrimary), block.part === "top" ? "╭" : "╰");
        hasBegun = true;
      } else if (other !== undefined && this.#isOpenBeside(other, index)) {
        if (hasBegun) painter.paint(this.#style(block.isPrimary), "─");
        else painter.write(" ");
        painter.paint(this.#style(other.isPrimary), "│");
      } else if (hasBegun) painter.paint(this.#style(block.isPrimary), "──");
      else painter.write("  ");
    }
    painter.begin(this.#style(block.isPrimary));
    const to = block.part === "top" ? block.offset + 1 : block.offset;
    for (const { offset, width } of this.#characters) {
      if (offset < to) painter.write("─".repeat(width));
    }
    painter.write(block.isPrimary ? "^" : "'");
    if (block.message !== "") painter.write(` ${block.message}`);
    painter.end();
    painter.write("\n");
  }

  /** Whether the label's border goes past the end of the one of number `index`. */
  #isOpenBeside(block: BlockLabel, index: number): boolean {
    const own = this.#blocks.indexOf(block);
    return block.part === "middle" || (block.part === "top" ? index > own : index < own);
  }

  #drawBorder(): void {
    drawBorder(this.#frame, "│", this.#blocks);
  }

  #drawUnderlines(): void {
    const painter = this.#painter;
    const end = Math.max(...this.#labels.map((label) => label.end));
    // One more, for what is expected after the line's end.
    const characters = [...this.#characters, { text: " ", offset: this.#text.length, width: 1 }];
    let previous: boolean | undefined;
    for (const character of characters) {
      const isPrimary = primacy(this.#labels.filter((label) => isOn(label, character)));
      if (isPrimary !== previous) {
        if (isPrimary === undefined) painter.end();
        else painter.begin(this.#style(isPrimary));
      }
      previous = isPrimary;
      if (isPrimary !== undefined) painter.write((isPrimary ? "^" : "-").repeat(character.width));
      else if (character.offset < end) painter.write(" ".repeat(character.width));
    }
    if (previous !== undefined) painter.end();
  }

  /** Lines down from where labels begin, to the left of `to`. */
  #drawPointers(hanging: readonly LineLabel[], to: number): void {
    const last = Math.max(...this.#labels.map((label) => label.start));
    for (const { text, offset, width } of this.#characters) {
      if (offset >= to) break;
      const starting = hanging.filter(({ start }) => start >= offset && start < offset + text.length);
      const isPrimary = primacy(starting);
      if (isPrimary !== undefined) this.#painter.paint(this.#style(isPrimary), "│");
      const spaces = isPrimary === undefined ? width : width - 1;
      if (offset <= last && spaces > 0) this.#painter.write(" ".repeat(spaces));
    }
  }

  /** The label that ends last has its message beside it, unless it shares characters with another. */
  #trailingLabel(): LineLabel | undefined {
    let candidate: LineLabel | undefined;
    let end = 0;
    for (const label of this.#labels) {
      end = Math.max(end, label.end);
      if (label.end === end) candidate = label.message === "" ? undefined : label;
    }
    const last = candidate;
    if (last === undefined) return undefined;
    const isShared = this.#labels.some(
      (label) => label !== last && Math.max(label.start, last.start) < Math.min(label.end, last.end),
    );
    return isShared ? undefined : last;
  }

  #isPrimary(character: Character): boolean {
    const end = character.offset + character.text.length;
    return (
      this.#labels.some((label) => label.isPrimary && isOn(label, character)) ||
      this.#blocks.some(
        ({ isPrimary, part, offset }) =>
          isPrimary && (part === "middle" || (part === "top" ? character.offset >= offset : end <= offset)),
      )
    );
  }

  /** Whether only white space stands before the label: it needs no line of its own to begin. */
  #isIndent(block: BlockLabel): boolean {
    let indent = 0;
    while (isWhitespace(this.#text.charCodeAt(indent))) indent++;
    return block.offset <= indent;
  }

  #style(isPrimary: boolean): ReturnType<typeof labelStyle> {
    return labelStyle(this.#frame.severity, isPrimary);
  }
}

function measure(text: string): Character[] {
  const characters: Character[] = [];
  let column = 0;
  let offset = 0;
  for (const character of text) {
    const width = character === "\t" ? TAB_WIDTH - (column % TAB_WIDTH) : characterWidth(character);
    characters.push({ text: character, offset, width });
    column += width;
    offset += character.length;
  }
  return characters;
}

function isOn(label: LineLabel, { text, offset }: Character): boolean {
  return Math.max(label.start, offset) < Math.min(label.end, offset + text.length);
}

/** Primary labels hide others; undefined: there is none. */
function primacy(labels: readonly LineLabel[]): boolean | undefined {
  return labels.length === 0 ? undefined : labels.some((label) => label.isPrimary);
}
