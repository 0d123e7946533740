/** Turns a cart into an order: POST /orders with {lines, name} prices it, charges it and answers the receipt. */
import { randomInt } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

interface Line {
  readonly id: string;
  readonly quantity: number;
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const cartUrl = process.env["PLINTH_CART_URL"];
const paymentUrl = process.env["PLINTH_PAYMENT_URL"];

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function order(request: IncomingMessage): Promise<Answer> {
  const { lines, name } = JSON.parse(await text(request)) as { lines: readonly Line[]; name: string };
  const written = lines.map(({ id, quantity }) => `${id}:${quantity}`).join(".");
  const priced = await fetch(`${cartUrl}/price?lines=${written}`);
  if (!priced.ok) throw new Error(`cart answered ${priced.status}`);
  const cart = (await priced.json()) as { lines: readonly unknown[]; totalCents: number };
  if (cart.lines.length === 0) return { status: 422, body: { reason: "The cart is empty." } };

  const number = `P-${randomInt(100_000, 1_000_000)}`;
  const charge = await post(`${paymentUrl}/charges`, { amountCents: cart.totalCents, reference: number });
  await charge.arrayBuffer();
  if (charge.ok) return { status: 201, body: { number, name, ...cart } };
  // Not asked again: a payment that failed half-way must not be taken twice.
  const reason =
    charge.status === 402 ? "Your bank declined the payment." : "The bank does not answer just now.";
  return { status: 402, body: { reason } };
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const path = request.url ?? "/";
  if (path === "/healthz") {
    response.end("ok\n");
    return;
  }
  const startMs = performance.now();
  response.on("finish", () => {
    const ms = Math.round((performance.now() - startMs) * 10) / 10;
    console.log(JSON.stringify({ method: request.method, path, status: response.statusCode, ms }));
    if (!server.listening) server.closeIdleConnections();
  });
  const send = ({ status, body }: Answer): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  if (request.method !== "POST" || path !== "/orders") {
    send({ status: 404, body: { reason: "no such page" } });
    return;
  }
  order(request).then(send, (error: unknown) => {
    console.error(`checkout: cannot take the order: ${String(error)}`);
    send({ status: 502, body: { reason: "The till does not answer just now." } });
  });
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => server.close());
