/** Where a quote closes that opened before `from`; in double quotes a backslash takes the next character along. */
export function closingQuote(text: string, from: number, quote: string): number | undefined {
  for (let at = from; at < text.length; at++) {
    if (quote === '"' && text[at] === "\\") at++;
    else if (text[at] === quote) return at;
  }
  return undefined;
}
