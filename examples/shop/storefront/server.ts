/** The shop people see: HTML pages put together from what the other services answer. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { type CartCookie, changed, readCookie, writtenCookie } from "./cart-cookie.ts";
import { type Cart, openCart, removeCart } from "./carts.ts";
import {
  cartPage,
  checkoutPage,
  homePage,
  type Order,
  orderPage,
  problemPage,
  type Product,
  productPage,
} from "./pages.ts";

const {
  PLINTH_CATALOG_URL: catalogUrl,
  PLINTH_CHECKOUT_URL: checkoutUrl,
  PLINTH_RECOMMEND_URL: recommendUrl,
  PLINTH_ASSETS_URL: assetsUrl,
} = process.env;

const FORM_CHARACTERS_MAX = 4096;
const RECOMMEND_MS = 500;

interface Page {
  readonly status: number;
  readonly html: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** To the cart, with one product more or fewer in it. */
async function change(cookie: CartCookie, id: string, by: number): Promise<Page> {
  const cart = await openCart({ ...cookie, pending: changed(cookie.pending, id, by) });
  return {
    status: 303,
    html: "",
    headers: { location: "/cart", "set-cookie": writtenCookie(cart.cookie) },
  };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the callee is known to answer
async function ask<Answer>(url: string, body?: unknown): Promise<{ status: number; answer: Answer }> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(url, { ...init, headers: { "content-type": "application/json" } });
  if (response.status >= 500) throw new Error(`${url} answered ${response.status}`);
  return { status: response.status, answer: (await response.json()) as Answer };
}

/** A page is whole without them: whoever recommends is not waited for long. */
async function goesWith(id: string): Promise<readonly Product[]> {
  try {
    const response = await fetch(`${recommendUrl}/with/${id}`, { signal: AbortSignal.timeout(RECOMMEND_MS) });
    return response.ok ? ((await response.json()) as readonly Product[]) : [];
  } catch {
    return [];
  }
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await text(request)).slice(0, FORM_CHARACTERS_MAX));
}

async function checkOut(request: IncomingMessage, { cart, count, pending }: CartCookie): Promise<Page> {
  const name = (await form(request)).get("name")?.trim() || "you";
  const opened = await openCart({ cart, count, pending });
  const { status, answer } = await ask<Order & { reason: string }>(`${checkoutUrl}/orders`, {
    lines: opened.priced.lines.map(({ id, quantity }) => ({ id, quantity })),
    name,
  });
  if (status !== 201) return refused(opened, status, answer.reason, name);
  await removeCart(cart);
  const emptied = writtenCookie({ cart: crypto.randomUUID(), count: 0, pending: [] });
  return { status, html: orderPage(answer), headers: { "set-cookie": emptied } };
}

/** The page on which the cart is paid, after a payment that was refused. */
function refused({ priced, cookie, notice }: Cart, status: number, problem: string, name: string): Page {
  const html = checkoutPage({ cart: priced, count: cookie.count, notice, problem, name });
  return { status, html, headers: { "set-cookie": writtenCookie(cookie) } };
}

/** One page per route; what is not here is not in the shop. */
async function visit(request: IncomingMessage): Promise<Page> {
  const cookie = readCookie(request.headers.cookie);
  const { count } = cookie;
  const route = `${request.method} ${request.url?.split("?")[0]}`;

  if (route === "GET /") {
    const { answer } = await ask<readonly Product[]>(`${catalogUrl}/products`);
    return { status: 200, html: homePage(answer, count) };
  }
  const id = /^GET \/products\/([a-z0-9-]+)$/.exec(route)?.[1];
  if (id !== undefined) {
    const [{ status, answer }, others] = await Promise.all([
      ask<Product>(`${catalogUrl}/products/${id}`),
      goesWith(id),
    ]);
    if (status === 200) return { status, html: productPage(answer, others, count) };
  }
  if (route === "POST /cart/add" || route === "POST /cart/change") {
    const fields = await form(request);
    const by = route === "POST /cart/add" || fields.get("by") === "1" ? 1 : -1;
    const product = fields.get("id") ?? "";
    if (/^[a-z0-9-]{1,40}$/.test(product)) return change(cookie, product, by);
  }
  if (route === "GET /cart" || route === "GET /checkout") {
    const { priced, cookie: now, notice } = await openCart(cookie);
    const show = route === "GET /cart" || priced.lines.length === 0 ? cartPage : checkoutPage;
    const html = show({ cart: priced, count: now.count, notice });
    return { status: 200, html, headers: { "set-cookie": writtenCookie(now) } };
  }
  if (route === "POST /checkout") return checkOut(request, cookie);
  return { status: 404, html: problemPage("Not on the shelf", "There is no such page here.", count) };
}

const inQuotes = (error: unknown): string => String(error).replace(/["\\]/g, "'");

/** Pictures and styles are another program's: streamed through. */
async function asset(path: string, response: ServerResponse): Promise<void> {
  const upstream = await fetch(`${assetsUrl}${path.slice("/assets".length)}`);
  response.writeHead(upstream.status, {
    "content-type": upstream.headers.get("content-type") ?? "application/octet-stream",
    "cache-control": upstream.headers.get("cache-control") ?? "no-store",
  });
  if (upstream.body) await pipeline(Readable.fromWeb(upstream.body), response);
  else response.end();
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "/";
  if (request.method === "GET" && path.startsWith("/assets/")) {
    await asset(path, response);
    return;
  }
  const { status, html, headers } = await visit(request);
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'self'",
    "cache-control": "no-store",
    ...headers,
  });
  response.end(html);
}

// Kept longer than the mesh keeps idle connections, so that it is the mesh that hangs up.
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.url === "/healthz") {
    response.end("ok\n");
    return;
  }
  const startMs = performance.now();
  response.on("finish", () => {
    const tookMs = (performance.now() - startMs).toFixed(1);
    console.log(
      `method=${request.method} path=${request.url} status=${response.statusCode} duration_ms=${tookMs}`,
    );
    if (!server.listening) server.closeIdleConnections();
  });
  serve(request, response).catch((error: unknown) => {
    console.error(`level=error method=${request.method} path=${request.url} error="${inQuotes(error)}"`);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(502, { "content-type": "text/html; charset=utf-8" });
    response.end(problemPage("One moment", "Part of the shop does not answer. Please try again.", 0));
  });
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
// Stops accepting and hangs up idle connections; requests under way are finished, then the process ends.
process.once("SIGTERM", () => server.close());
