/** What the shop sells: GET /products and GET /products/ID. */
import { createServer } from "node:http";
import { products } from "./products.ts";

// The dashboard's "Break it" panel and the tests ship releases with BREAK set.
if (process.env["BREAK"] === "crash") {
  console.error("catalog: cannot read the price list: PRICES is not set (BREAK=crash)");
  process.exit(1);
}
const neverReady = process.env["BREAK"] === "unready";
if (neverReady) console.error("catalog: waiting for a price list that will not come (BREAK=unready)");

function answer(path: string): { status: number; body: unknown } {
  if (path === "/products") return { status: 200, body: products };
  const product = products.find(({ id }) => path === `/products/${id}`);
  return product ? { status: 200, body: product } : { status: 404, body: { reason: "no such product" } };
}

// Kept longer than the mesh keeps idle connections, so that it is the mesh that hangs up.
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const path = request.url ?? "/";
  if (path === "/healthz") {
    if (!neverReady) response.end("ok\n");
    return;
  }
  const startMs = performance.now();
  response.on("finish", () => {
    const ms = Math.round((performance.now() - startMs) * 10) / 10;
    console.log(JSON.stringify({ method: request.method, path, status: response.statusCode, ms }));
    if (!server.listening) server.closeIdleConnections();
  });
  const { status, body } = answer(path);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
// Stops accepting and hangs up idle connections; requests under way are finished, then the process ends.
process.once("SIGTERM", () => server.close());
