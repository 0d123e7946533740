/**
 * What the shopper's browser holds: `cart=CART.COUNT`, the cart's name and how many things are in it, and behind that,
 * as `mug:1.lamp:-1`, what was changed while the shop could not keep it. The cart itself is the shop's.
 */

export interface Line {
  readonly id: string;
  readonly quantity: number;
}

export interface CartCookie {
  readonly cart: string;
  readonly count: number;
  /** Changes that the shop has not kept yet; quantities are added to those it has. */
  readonly pending: readonly Line[];
}

const LINES_MAX = 30;
const QUANTITY_MAX = 20;

export function readCookie(cookies: string | undefined): CartCookie {
  const value = /(?:^|;\s*)cart=([a-z0-9:.-]*)/.exec(cookies ?? "")?.[1] ?? "";
  const [cart = "", count = "", ...parts] = value.split(".");
  const pending: Line[] = [];
  for (const part of parts.slice(0, LINES_MAX)) {
    const match = /^([a-z0-9-]{1,40}):(-?[0-9]{1,2})$/.exec(part);
    if (match) pending.push({ id: match[1]!, quantity: Number(match[2]) });
  }
  // Nobody guesses a name, so nobody sees another's cart.
  if (!/^[a-z0-9-]{1,40}$/.test(cart)) return { cart: crypto.randomUUID(), count: 0, pending };
  return { cart, count: /^[0-9]{1,3}$/.test(count) ? Number(count) : 0, pending };
}

export function writtenCookie({ cart, count, pending }: CartCookie): string {
  const value = [cart, count, ...pending.map(({ id, quantity }) => `${id}:${quantity}`)].join(".");
  return `cart=${value}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax`;
}

/** `lines` with `by` more (or fewer) of one product; a changed line keeps its place. */
export function changed(
  lines: readonly Line[],
  id: string,
  by: number,
  least = -QUANTITY_MAX,
): readonly Line[] {
  const before = lines.find((line) => line.id === id)?.quantity ?? 0;
  const quantity = Math.min(Math.max(before + by, least), QUANTITY_MAX);
  if (quantity === 0) return lines.filter((line) => line.id !== id);
  return lines.some((line) => line.id === id)
    ? lines.map((line) => (line.id === id ? { id, quantity } : line))
    : [...lines, { id, quantity }];
}

/** What is kept with what is pending. */
export function together(kept: readonly Line[], pending: readonly Line[]): readonly Line[] {
  return pending.reduce((lines, { id, quantity }) => changed(lines, id, quantity, 0), kept);
}
