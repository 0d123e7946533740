/** What goes with a thing: GET /with/ID answers three others. Runs as a container, of an image made of nothing but Node. */
import { createServer } from "node:http";

interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceCents: number;
}

const MOST = 3;
const catalogUrl = process.env["PLINTH_CATALOG_URL"];
/** What people put beside each other on a table. */
const beside: Readonly<Record<string, readonly string[]>> = {
  mug: ["teapot", "notebook", "bowl"],
  teapot: ["mug", "candle", "bowl"],
  lamp: ["notebook", "clock", "planter"],
  notebook: ["lamp", "mug", "clock"],
  planter: ["vase", "lamp", "candle"],
  clock: ["lamp", "notebook", "vase"],
  vase: ["planter", "candle", "bowl"],
  bowl: ["mug", "teapot", "vase"],
  candle: ["teapot", "vase", "planter"],
};

async function recommend(id: string): Promise<readonly Product[]> {
  const response = await fetch(`${catalogUrl}/products`);
  if (!response.ok) throw new Error(`catalog answered ${response.status}`);
  const products = (await response.json()) as readonly Product[];
  const found = (beside[id] ?? []).map((each) => products.find((product) => product.id === each));
  return found.filter((product) => product !== undefined).slice(0, MOST);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** As web servers have always written it. */
function logLine(method: string, path: string, status: number, bytes: number): string {
  const [day = "", time = ""] = new Date().toISOString().split(/[T.]/);
  const [year, month, date] = day.split("-");
  return `- - - [${date}/${months[Number(month) - 1]}/${year}:${time} +0000] "${method} ${path} HTTP/1.1" ${status} ${bytes}`;
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const { method = "", url: path = "/" } = request;
  if (path === "/healthz") {
    response.end("ok\n");
    return;
  }
  const send = (status: number, value: unknown): void => {
    const body = JSON.stringify(value);
    response.writeHead(status, { "content-type": "application/json" }).end(body, () => {
      console.log(logLine(method, path, status, Buffer.byteLength(body)));
      if (!server.listening) server.closeIdleConnections();
    });
  };
  const id = /^\/with\/([a-z0-9-]+)$/.exec(path)?.[1];
  if (method !== "GET" || id === undefined) {
    send(404, { reason: "no such page" });
    return;
  }
  recommend(id).then(
    (products) => send(200, products),
    (error: unknown) => {
      console.error(`recommend: ${String(error)}`);
      send(502, { reason: "the catalog does not answer" });
    },
  );
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => server.close());
