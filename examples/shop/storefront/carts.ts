/** The shopper's cart as the cart service keeps it, and what the shop does while that cannot. */
import { type CartCookie, together } from "./cart-cookie.ts";
import type { PricedCart } from "./pages.ts";

export interface Cart {
  readonly priced: PricedCart;
  readonly cookie: CartCookie;
  /** What the shopper should know; undefined while all is as it should be. */
  readonly notice: string | undefined;
}

const FULL =
  "The shop has no room to keep carts just now. What you change is kept in this browser, and you can pay as ever.";
const AWAY =
  "Your cart cannot be read just now: you see only what you changed since. All of it is there again once the shop can.";

const cartUrl = process.env["PLINTH_CART_URL"];

/** Undefined when the cart service says, with a 5xx, that its store is away or full. */
async function ask(path: string, method = "GET", body?: unknown): Promise<PricedCart | undefined> {
  const response = await fetch(`${cartUrl}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: { "content-type": "application/json" },
  });
  const answer = (await response.json()) as PricedCart;
  return response.ok ? answer : undefined;
}

async function priceOf(lines: CartCookie["pending"]): Promise<PricedCart> {
  const written = lines.map(({ id, quantity }) => `${id}:${quantity}`).join(".");
  const priced = await ask(`/price?lines=${written}`);
  if (priced === undefined) throw new Error("the cart cannot be priced");
  return priced;
}

/** The cart with its pending changes, which are handed to the shop to keep. */
export async function openCart({ cart, pending }: CartCookie): Promise<Cart> {
  const path = `/carts/${cart}`;
  const seen = (priced: PricedCart, left: CartCookie["pending"], notice?: string): Cart => {
    const count = priced.lines.reduce((sum, { quantity }) => sum + quantity, 0);
    return { priced, cookie: { cart, count, pending: left }, notice };
  };
  const kept = await ask(path);
  if (kept === undefined) return seen(await priceOf(together([], pending)), pending, AWAY);
  if (pending.length === 0) return seen(kept, []);
  const lines = together(kept.lines, pending);
  const now = await ask(path, "PUT", { lines });
  return now === undefined ? seen(await priceOf(lines), pending, FULL) : seen(now, []);
}

/** After an order. One that cannot be removed now goes by itself, a week after its last change. */
export async function removeCart(cart: string): Promise<void> {
  await ask(`/carts/${cart}`, "DELETE").catch(() => undefined);
}
