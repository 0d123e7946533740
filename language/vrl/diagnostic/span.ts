/** A piece of a program's text, in UTF-16 units from its beginning; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** From the beginning of `first` to the end of `last`. */
export function joinSpans(first: Span, last: Span): Span {
  return { start: first.start, end: last.end };
}
