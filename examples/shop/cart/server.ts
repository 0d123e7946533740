/**
 * Prices a cart: POST /price with {lines: [{id, quantity}]}. Holds nothing: the cart itself is a cookie in the
 * shopper's browser, so instances come and go without anybody losing one.
 */
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

interface Line {
  readonly id: string;
  readonly quantity: number;
}
interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceCents: number;
}

const QUANTITY_MAX = 20;
const catalogUrl = process.env["PLINTH_CATALOG_URL"];

async function price(request: IncomingMessage): Promise<unknown> {
  const { lines } = JSON.parse(await text(request)) as { lines: readonly Line[] };
  const response = await fetch(`${catalogUrl}/products`);
  if (!response.ok) throw new Error(`catalog answered ${response.status}`);
  const products = (await response.json()) as readonly Product[];

  const priced = [];
  for (const { id, quantity } of lines) {
    const product = products.find((candidate) => candidate.id === id);
    const count = Math.min(Math.trunc(quantity), QUANTITY_MAX);
    // What is no longer sold leaves the cart silently.
    if (product === undefined || !(count > 0)) continue;
    priced.push({ id, name: product.name, quantity: count, totalCents: product.priceCents * count });
  }
  return { lines: priced, totalCents: priced.reduce((sum, line) => sum + line.totalCents, 0) };
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const path = request.url ?? "/";
  if (path === "/healthz") {
    response.end("ok\n");
    return;
  }
  const startMs = performance.now();
  response.on("finish", () => {
    const tookMs = (performance.now() - startMs).toFixed(1);
    console.log(`${request.method} ${path} ${response.statusCode} ${tookMs}ms`);
    if (!server.listening) server.closeIdleConnections();
  });
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (request.method !== "POST" || path !== "/price") {
    send(404, { reason: "no such page" });
    return;
  }
  price(request).then(
    (cart) => send(200, cart),
    (error: unknown) => {
      console.error(`cart: cannot price: ${String(error)}`);
      send(502, { reason: "the catalog does not answer" });
    },
  );
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => server.close());
