/** Indents by how many brackets are open. */

export function countBracket(character: string, state: { depth: number }): void {
  if ("([{".includes(character)) state.depth++;
  else if (")]}".includes(character)) state.depth = Math.max(0, state.depth - 1);
}

export function bracketIndent(
  { depth, quote }: { readonly depth: number; readonly quote?: string },
  textAfter: string,
  { unit }: { readonly unit: number },
): number | null {
  // What stands in a literal is not ours to move.
  if (quote !== undefined && quote !== "") return null;
  return unit * Math.max(0, /^\s*[)\]}]/.test(textAfter) ? depth - 1 : depth);
}
