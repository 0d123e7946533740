/**
 * The carts: GET and PUT /carts/CART with {lines: [{id, quantity}]}, DELETE /carts/CART, and GET /price?lines=mug:2.lamp:1
 * for lines that nobody keeps. What is kept is in the app's store, so instances come and go without anybody losing a cart.
 */
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Etcd, EtcdRefusal } from "../etcd.ts";
import { CartStore, type Line } from "./cart-store.ts";

interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceCents: number;
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const QUANTITY_MAX = 20;
const LINES_MAX = 30;
const catalogUrl = process.env["PLINTH_CATALOG_URL"];
const store = new CartStore(new Etcd(process.env["PLINTH_CARTS_URL"] ?? "etcd://nobody:@127.0.0.1:2379"));

async function price(lines: readonly Line[]): Promise<unknown> {
  const response = await fetch(`${catalogUrl}/products`);
  if (!response.ok) throw new Error(`catalog answered ${response.status}`);
  const products = (await response.json()) as readonly Product[];

  const priced = [];
  for (const { id, quantity } of lines.slice(0, LINES_MAX)) {
    const product = products.find((candidate) => candidate.id === id);
    const count = Math.min(Math.trunc(quantity), QUANTITY_MAX);
    // What is no longer sold leaves the cart silently.
    if (product === undefined || !(count > 0)) continue;
    priced.push({ id, name: product.name, quantity: count, totalCents: product.priceCents * count });
  }
  return { lines: priced, totalCents: priced.reduce((sum, line) => sum + line.totalCents, 0) };
}

function linesOf(written: string): Line[] {
  return written.split(".").map((line) => {
    const [id = "", quantity] = line.split(":");
    return { id, quantity: Number(quantity) };
  });
}

async function answer(request: IncomingMessage, { pathname, searchParams }: URL): Promise<Answer> {
  if (request.method === "GET" && pathname === "/price") {
    return { status: 200, body: await price(linesOf(searchParams.get("lines") ?? "")) };
  }
  const cart = /^\/carts\/([a-z0-9-]{1,40})$/.exec(pathname)?.[1];
  if (cart === undefined) return { status: 404, body: { reason: "no such page" } };
  if (request.method === "GET") return { status: 200, body: await price(await store.read(cart)) };
  if (request.method === "PUT") {
    const { lines } = JSON.parse(await text(request)) as { lines: readonly Line[] };
    await store.write(cart, lines);
    return { status: 200, body: await price(lines) };
  }
  if (request.method === "DELETE") {
    await store.remove(cart);
    return { status: 200, body: {} };
  }
  return { status: 405, body: { reason: "no such method" } };
}

/** A store that is full or away is no fault of the cart's: whoever asks is told which, and goes on without it. */
function refusal(error: unknown): Answer {
  if (error instanceof EtcdRefusal) {
    return { status: error.kind === "full" ? 507 : 503, body: { reason: error.message } };
  }
  return { status: 502, body: { reason: "the catalog does not answer" } };
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const url = new URL(request.url ?? "/", "http://cart");
  if (url.pathname === "/healthz") {
    response.end("ok\n");
    return;
  }
  const startMs = performance.now();
  response.on("finish", () => {
    log({
      method: request.method,
      path: url.pathname,
      status: response.statusCode,
      ms: Math.round((performance.now() - startMs) * 10) / 10,
    });
    if (!server.listening) server.closeIdleConnections();
  });
  const send = ({ status, body }: Answer): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  answer(request, url).then(send, (error: unknown) => {
    log({ level: "error", message: `cannot answer ${request.method} ${url.pathname}: ${String(error)}` });
    send(refusal(error));
  });
});

/** A line of JSON, as programs write that think of who reads them. */
function log(event: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), level: "info", ...event }));
}

server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => server.close());
