/** Shoppers who never sleep: LOAD_RPS requests a second at the storefront; a request that gets no answer or a 5xx failed. */
import { createServer } from "node:http";

const storefrontUrl = process.env["PLINTH_STOREFRONT_URL"];
const requestsPerSecond = Number(process.env["LOAD_RPS"] ?? "20");
/** A shop that stopped answering must not fill this process with waiting shoppers. */
const UNDER_WAY_MAX = 200;
const TIMEOUT_MS = 20_000;
const SUMMARY_MS = 10_000;

type Request = readonly [path: string, init?: RequestInit];

const form = (path: string, fields: Record<string, string>): Request => [
  path,
  { method: "POST", body: new URLSearchParams(fields), redirect: "manual" },
];
const ids = ["mug", "teapot", "lamp", "notebook", "planter", "clock", "vase", "bowl", "candle"];
const anyId = (): string => ids[Math.floor(Math.random() * ids.length)]!;
/** Each shopper's cookie: whose cart it is, as a browser keeps it. */
const shoppers: (string | undefined)[] = Array.from({ length: 25 }, () => undefined);

/** What a shopper does next, and how often of a hundred times. */
const steps: readonly (readonly [weight: number, step: () => Request])[] = [
  [30, () => ["/"]],
  [28, () => [`/products/${anyId()}`]],
  [12, () => [`/assets/images/${anyId()}.svg`]],
  [14, () => form("/cart/add", { id: anyId() })],
  [8, () => ["/cart"]],
  [8, () => form("/checkout", { name: "A shopper" })],
];

function nextStep(): Request {
  let luck = Math.random() * 100;
  for (const [weight, step] of steps) {
    luck -= weight;
    if (luck < 0) return step();
  }
  return ["/"];
}

let underWay = 0;
let latenciesMs: number[] = [];
let failures = 0;
const total = { requests: 0, failures: 0 };

async function shop(): Promise<void> {
  const [path, init] = nextStep();
  const shopper = Math.floor(Math.random() * shoppers.length);
  const cookie = shoppers[shopper];
  const startMs = performance.now();
  underWay++;
  total.requests++;
  try {
    const response = await fetch(`${storefrontUrl}${path}`, {
      ...init,
      ...(cookie !== undefined && { headers: { cookie } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    shoppers[shopper] = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    if (response.status >= 500) throw new Error(`answered ${response.status}`);
  } catch (error) {
    failures++;
    total.failures++;
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    const message = `${init?.method ?? "GET"} ${path}: ${String(error)}${cause}`;
    console.error(JSON.stringify({ level: "error", message, failures_total: total.failures }));
  } finally {
    underWay--;
    latenciesMs.push(performance.now() - startMs);
  }
}

function summarize(): void {
  const sorted = latenciesMs.sort((one, other) => one - other);
  const quantile = (share: number): number =>
    Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  // Each line has the totals: who reads the last one knows them all.
  console.log(
    JSON.stringify({
      level: "info",
      message: `${sorted.length} requests, ${failures} failed`,
      p50_ms: quantile(0.5),
      p99_ms: quantile(0.99),
      requests_total: total.requests,
      failures_total: total.failures,
    }),
  );
  latenciesMs = [];
  failures = 0;
}

const pace = setInterval(() => {
  if (underWay < UNDER_WAY_MAX) void shop();
}, 1000 / requestsPerSecond);
const summary = setInterval(summarize, SUMMARY_MS);

// Takes no requests of its own; the port only says that it is up.
const server = createServer((request, response) => {
  response.end(request.url === "/healthz" ? "ok\n" : `${JSON.stringify(total)}\n`);
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
// Requests under way are seen through; their answers keep the process alive until they are in.
process.once("SIGTERM", () => {
  clearInterval(pace);
  clearInterval(summary);
  server.close();
  server.closeAllConnections();
});
