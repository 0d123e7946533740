/**
 * A shop: eight services as processes, one as a container of an image made here, and a store. `plinth up` runs it behind
 * the mesh at http://127.0.0.1:8080.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { defineApp } from "plinth";
import { nodeImage } from "./recommend/node-image.ts";

// npm may have installed it here or at the repository's root; this file is evaluated as you, so ask npm's own lookup.
const httpServer = createRequire(import.meta.url).resolve("http-server/bin/http-server");

// `npm start` makes the image where containers can run, and removes it where they cannot; without it the same file runs
// as a process. `node recommend/node-image.ts` makes it by hand.
const recommend = existsSync(nodeImage)
  ? {
      image: {
        base: `oci:${nodeImage}`,
        copy: { "recommend/server.ts": "/srv/server.ts" },
        command: ["node", "/srv/server.ts"],
      },
    }
  : { command: ["node", "server.ts"], cwd: "recommend" };

const health = { ready: { http: "/healthz", period: "1s" } };

// Each service writes as its makers like it; what its lines mean is said here, in VRL: `plinth logs --json` and the
// dashboard show fields. What is no such line, as a stack trace, stays as it was written.
const json = {
  remap: `
    read, problem = parse_json(.message)
    if problem == null { . = object!(read) }
  `,
};
const commonLog = {
  remap: `
    read, problem = parse_common_log(.message)
    if problem == null { . = read }
  `,
};
const keyValue = {
  remap: `
    read, problem = parse_key_value(.message, accept_standalone_key: false)
    if problem == null && !is_empty(read) {
      . = read
      if exists(.at) { .at = parse_timestamp!(.at, "%+") }
      if exists(.status) { .status = to_int!(.status) }
      if exists(.duration_ms) { .duration_ms = to_float!(.duration_ms) }
      if exists(.amount_cents) { .amount_cents = to_int(.amount_cents) ?? null }
    }
  `,
};

export default defineApp({
  name: "shop",
  services: {
    storefront: {
      command: ["node", "server.ts"],
      cwd: "storefront",
      replicas: 2,
      health,
      calls: ["catalog", "cart", "checkout", "recommend", "assets"],
      logs: keyValue,
    },
    catalog: { command: ["node", "server.ts"], cwd: "catalog", replicas: 2, health, logs: json },
    cart: { command: ["node", "server.ts"], cwd: "cart", health, calls: ["catalog", "carts"], logs: json },
    checkout: {
      command: ["node", "server.ts"],
      cwd: "checkout",
      health,
      calls: ["cart", "payment"],
      logs: json,
    },
    recommend: { ...recommend, health, calls: ["catalog"], logs: commonLog },
    // Not JavaScript: Perl as every Debian has it.
    payment: {
      command: ["perl", "server.pl"],
      cwd: "payment",
      health,
      logs: keyValue,
      routes: [
        {
          // Only here may a POST be sent again: a bank that is away (503) has charged nothing.
          name: "charges",
          match: { path: "/charges", method: ["POST"] },
          policy: { timeout: { request: "10s" }, retry: { on: ["503"], methods: ["POST"] } },
        },
      ],
    },
    // Somebody else's program: pictures and styles by http-server from npm.
    assets: {
      command: ["node", httpServer, ".", "-a", "${HOST}", "-p", "${PORT}", "-c", "600", "-d", "false"],
      cwd: "assets",
      health: { ready: { http: "/shop.css" } },
    },
    loadgen: {
      command: ["node", "server.ts"],
      cwd: "loadgen",
      health,
      env: { LOAD_RPS: "20" },
      calls: ["storefront"],
      logs: json,
    },
    // Scale it to 1 to see what a flood does: `plinth scale shop flood=1`.
    flood: { command: ["node", "server.ts"], cwd: "flood", replicas: 0, health, calls: ["catalog"] },
    // And this one to see what a full store does; at 0 the store has room again.
    hoard: { command: ["node", "server.ts"], cwd: "hoard", replicas: 0, health, calls: ["carts"] },
  },
  // An etcd of the shop's own: carts outlive the cart service. It may fill up, to be seen in the "Break it" panel.
  stores: { carts: { quota: "16MiB", retention: "10m" } },
  ingress: { "shop.localhost": "storefront", "*": "storefront" },
});
