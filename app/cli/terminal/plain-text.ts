/**
 * Whole escape sequences first (CSI; OSC, DCS, APC, PM and SOS up to their end; two-byte ones), then whatever control
 * characters are left, and the marks that reorder text (a name must not read as another).
 */
const unsafe: RegExp = new RegExp(
  [
    "\\u001b\\[[0-?]*[ -/]*[@-~]?",
    "\\u001b[\\]PX^_][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?",
    "\\u001b[ -/]*[0-~]?",
    "\\u009b[0-?]*[ -/]*[@-~]?",
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]",
  ].join("|"),
  "g",
);

/** Text that cannot drive a terminal: no control sequences, only tabs and newlines as white space. */
export function plainText(text: string): string {
  return text.replace(unsafe, "");
}

/** As `plainText`, on one line. */
export function plainLine(text: string): string {
  return plainText(text)
    .replace(/[\t\n]+/g, " ")
    .trim();
}

/** Cuts to a width, with an ellipsis where something is missing. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}
