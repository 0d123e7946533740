/** The cart lives in the shopper's browser as `cart=mug:2.lamp:1`, so no deploy can lose it. Prices never do. */

export interface Line {
  readonly id: string;
  readonly quantity: number;
}

const LINES_MAX = 30;

export function readCart(cookies: string | undefined): readonly Line[] {
  const value = /(?:^|;\s*)cart=([a-z0-9:.-]*)/.exec(cookies ?? "")?.[1] ?? "";
  const lines: Line[] = [];
  for (const part of value.split(".").slice(0, LINES_MAX)) {
    const match = /^([a-z0-9-]{1,40}):([0-9]{1,3})$/.exec(part);
    if (match) lines.push({ id: match[1]!, quantity: Number(match[2]) });
  }
  return lines;
}

export function cartCookie(lines: readonly Line[]): string {
  const value = lines.map(({ id, quantity }) => `${id}:${quantity}`).join(".");
  return `cart=${value}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax`;
}

/** The cart with `by` more (or fewer) of one product. */
export function changeCart(lines: readonly Line[], id: string, by: number): readonly Line[] {
  const before = lines.find((line) => line.id === id)?.quantity ?? 0;
  const quantity = Math.min(Math.max(before + by, 0), 20);
  const others = lines.filter((line) => line.id !== id);
  if (quantity === 0) return others;
  // A changed line keeps its place.
  return before === 0
    ? [...others, { id, quantity }]
    : lines.map((line) => (line.id === id ? { id, quantity } : line));
}
