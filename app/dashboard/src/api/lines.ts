/** A line longer than this is cut: a workload may never write a newline. The largest App is half as long. */
const LINE_CHARACTERS_MAX = 4 * 2 ** 20;

/** Cuts text that arrives in any pieces into lines. */
export class LineSplitter {
  #rest = "";

  /** The lines that ended within `piece`. */
  feed(piece: string): readonly string[] {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, LINE_CHARACTERS_MAX);
    return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }
}

/** Calls back with each batch of lines of a streamed response, until it ends. */
export async function eachLine(
  response: Response,
  onLines: (lines: readonly string[]) => void,
): Promise<void> {
  if (response.body === null) return;
  const splitter = new LineSplitter();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = splitter.feed(value);
    if (lines.length > 0) onLines(lines);
  }
}
