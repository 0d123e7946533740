/**
 * A hoard: while it runs, the store is full. It writes until the store's quota refuses, and when it is told to end it
 * gives everything back: what it wrote, the history of it, and the alarm that keeps all others from writing.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { encoded, Etcd, EtcdRefusal } from "../etcd.ts";

const CHUNK_BYTES = 512 * 1024;
const RETRY_MS = 1000;
const etcd = new Etcd(process.env["PLINTH_CARTS_URL"] ?? "etcd://nobody:@127.0.0.1:2379");
const chunk = encoded("x".repeat(CHUNK_BYTES));
const stop = new AbortController();

async function fill(): Promise<void> {
  for (let number = 0; !stop.signal.aborted; number++) {
    try {
      await etcd.call("kv/put", { key: encoded(`hoard/${number}`), value: chunk });
    } catch (error) {
      if (error instanceof EtcdRefusal && error.kind === "full") {
        console.log(`hoard: nothing more fits behind ${number} times ${CHUNK_BYTES} bytes: ${error.message}`);
        return;
      }
      console.error(`hoard: cannot write: ${String(error)}; trying again`);
      await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
}

/** As one gives an etcd its room back: delete, compact, defragment, disarm. */
async function giveBack(): Promise<void> {
  // The end of a range is the first key that is not in it: "0" comes behind "/".
  const range = { key: encoded("hoard/"), range_end: encoded("hoard0") };
  const { header } = await etcd.call<{ header: { revision: string } }>("kv/deleterange", range);
  await etcd.call("kv/compaction", { revision: header.revision, physical: true });
  await etcd.call("maintenance/defragment", {});
  const { alarms = [] } = await etcd.call<{ alarms?: { memberID: string; alarm: string }[] }>(
    "maintenance/alarm",
    { action: "GET" },
  );
  for (const { memberID, alarm } of alarms) {
    await etcd.call("maintenance/alarm", { action: "DEACTIVATE", memberID, alarm });
  }
  console.log("hoard: deleted, compacted, defragmented and disarmed; there is room again");
}

let isFull = false;
const filled = fill().then(() => (isFull = true));
// Ready means: the store is full.
const server = createServer((_request, response) => {
  response.writeHead(isFull ? 200 : 503).end();
});
server.listen(Number(process.env["PORT"]), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => {
  stop.abort();
  filled.then(giveBack).then(
    () => {
      server.close();
      server.closeAllConnections();
    },
    (error: unknown) => {
      console.error(`hoard: cannot give the room back: ${String(error)}`);
      process.exit(1);
    },
  );
});
