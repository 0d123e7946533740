/** A flood: hammers the catalog as hard as FLOOD_CONNECTIONS loops can, but never beyond FLOOD_RPS requests a second. */
import { Agent, createServer, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const catalogUrl = process.env["PLINTH_CATALOG_URL"];
const connections = Number(process.env["FLOOD_CONNECTIONS"] ?? "32");
const requestsPerSecond = Number(process.env["FLOOD_RPS"] ?? "800");
const SUMMARY_MS = 10_000;

// The plain client, not fetch: the machine's CPU should go to the flooded, not to the flood.
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const stop = new AbortController();
let answered = 0;
let failed = 0;

function request(): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get(`${catalogUrl}/products`, { agent }, (response) => {
      response.resume();
      response.once("error", () => resolve(false));
      response.once("end", () => resolve((response.statusCode ?? 500) < 500));
    });
    call.once("error", () => resolve(false));
  });
}

async function hammer(): Promise<void> {
  const periodMs = (connections * 1000) / requestsPerSecond;
  while (!stop.signal.aborted) {
    const startMs = performance.now();
    if (await request()) answered++;
    else failed++;
    const restMs = periodMs - (performance.now() - startMs);
    if (restMs > 0) await sleep(restMs);
  }
}

for (let index = 0; index < connections; index++) void hammer();
const summary = setInterval(() => {
  console.log(`${answered} answered, ${failed} failed`);
  answered = failed = 0;
}, SUMMARY_MS);

const server = createServer((_request, response) => response.end("ok\n"));
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => {
  stop.abort();
  clearInterval(summary);
  server.close();
  server.closeAllConnections();
});
