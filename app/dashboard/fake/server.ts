/** The API as the daemon serves it, over a shop that only pretends. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { kinds } from "@plinth/resource";
import { contentSecurityPolicy, dashboardDirectory } from "../index.ts";
import { FakeShop } from "./shop.ts";
import { FakeTraffic } from "./traffic.ts";

/** Between two requests that a tap shows. */
const TAP_MS = 120;
const ROOT = "/apis/plinth.dev/v1";
const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface FakePlinthOptions {
  readonly shop?: FakeShop;
  /** How long a killed daemon stays away. Default: 1500. */
  readonly awayMs?: number;
  readonly port?: number;
}

export class FakePlinth implements AsyncDisposable {
  readonly shop: FakeShop;
  readonly traffic: FakeTraffic;
  /** Every request that changed something, as "METHOD path body". */
  readonly deeds: string[] = [];
  /** Answered to all requests until unset. */
  refuse: number | undefined = undefined;
  readonly #awayMs: number;
  #server: Server;
  #port: number;

  constructor(options: FakePlinthOptions) {
    this.shop = options.shop ?? new FakeShop();
    this.traffic = new FakeTraffic(this.shop);
    this.#awayMs = options.awayMs ?? 1500;
    this.#port = options.port ?? 0;
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As kill -9 does: every connection breaks and the port is closed until `back`. */
  async die(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async back(): Promise<void> {
    this.#server = this.#create();
    await this.listen();
  }

  /** Writes a line as an instance would. */
  write(instance: string, line: string): void {
    const lines = this.shop.logs.get(instance) ?? [];
    lines.push(line);
    this.shop.logs.set(instance, lines);
    this.#server.emit("plinth:line", instance, line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.die();
  }

  #create(): Server {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) this.#refuse(response, 400, String(error));
        else response.destroy();
      });
    });
    // One listener for each open log stream.
    server.setMaxListeners(100);
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    if (!url.pathname.startsWith(ROOT)) {
      await this.#file(url.pathname, response);
      return;
    }
    if (this.refuse !== undefined) {
      this.#refuse(response, this.refuse, "no valid session");
      return;
    }
    const path = url.pathname.slice(ROOT.length);
    if (request.method === "GET") this.#get(path, url.searchParams, response);
    else await this.#deed(`${request.method} ${path}`, await text(request), response);
  }

  #get(path: string, query: URLSearchParams, response: ServerResponse): void {
    if (path === "/stat") return this.#json(response, this.traffic.stat());
    if (path === "/ps") return this.#json(response, this.traffic.instances());
    if (path === "/diagnostics") return this.#json(response, {});
    if (path === "/status") return this.#json(response, this.traffic.status());
    if (path === "/watch") return this.#watch(query, response);
    if (path === "/tap") return this.#tap(query, response);
    if (path === "/apps/shop/log") return this.#log(query, response);
    const kind = Object.values(kinds).find(({ plural }) => path === `/${plural}`)?.kind;
    if (kind === undefined) return this.#refuse(response, 404, `no such path: ${path}`);
    return this.#json(response, {
      apiVersion: "plinth.dev/v1",
      kind: `${kind}List`,
      metadata: { resourceVersion: String(this.shop.store.revision) },
      items: this.shop.store.list(kind),
    });
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const { store } = this.shop;
    let seen = Number(query.get("resourceVersion"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const send = (): void => {
      if (seen < store.compactedRevision) {
        const object = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
        response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
        return;
      }
      for (const { revision, type, object } of store.events) {
        if (revision > seen) response.write(`${JSON.stringify({ type, object })}\n`);
      }
      seen = store.revision;
    };
    const stop = store.subscribe(send);
    response.once("close", stop);
    send();
  }

  #tap(query: URLSearchParams, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.flushHeaders();
    const to = query.get("to") ?? "storefront";
    const timer = setInterval(() => {
      const events = this.traffic.tap(query.get("from") ?? undefined, to);
      response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    }, TAP_MS);
    response.once("close", () => clearInterval(timer));
  }

  /** A line that is JSON is read as its fields, as by `. = parse_json!(.message)`. */
  #log(query: URLSearchParams, response: ServerResponse): void {
    const service = query.get("service");
    const prefix = query.get("instance") ?? (service === null ? "" : `shop.${service}.`);
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.flushHeaders();
    const write = (instance: string, line: string): void => {
      if (!instance.startsWith(prefix)) return;
      const isRead = query.get("fields") === "true" && line.startsWith("{");
      const fields = isRead ? `,"fields":${line}` : "";
      response.write(`${JSON.stringify({ instance, line }).slice(0, -1)}${fields}}\n`);
    };
    for (const [instance, lines] of this.shop.logs)
      for (const line of lines.slice(-200)) write(instance, line);
    if (query.get("follow") !== "true") {
      response.end();
      return;
    }
    const server = this.#server;
    server.on("plinth:line", write);
    response.once("close", () => server.off("plinth:line", write));
  }

  async #deed(deed: string, body: string, response: ServerResponse): Promise<void> {
    this.deeds.push(`${deed} ${body}`);
    if (deed === "POST /processes/daemon/signal") {
      await this.die();
      setTimeout(() => void this.back(), this.#awayMs);
      return;
    }
    if (deed === "POST /processes/proxy/signal") {
      const name = this.shop.store.list("Instance").find(({ metadata }) => metadata.name.includes("loadgen"));
      this.write(name!.metadata.name, JSON.stringify({ level: "error", failures_total: 7 }));
      this.#json(response, {});
      return;
    }
    if (deed === "POST /identity/expire") {
      this.#json(response, { hosts: [{ name: "alpha", certificates: 11 }] });
      return;
    }
    const halted = /^POST \/hosts\/([^/]+)\/halt$/.exec(deed)?.[1];
    if (halted !== undefined) {
      this.shop.halt(halted);
      this.#json(response, {});
      return;
    }
    const victim = /^POST \/instances\/([^/]+)\/signal$/.exec(deed)?.[1];
    if (victim !== undefined) {
      this.shop.kill(victim);
      this.#json(response, {});
    } else if (deed === "PATCH /apps/shop") {
      this.#json(response, this.shop.patch(JSON.parse(body) as Parameters<FakeShop["patch"]>[0]));
    } else if (deed === "POST /apps/shop/rollback") {
      this.#json(response, this.shop.rollback((JSON.parse(body) as { to: number }).to));
    } else {
      this.#refuse(response, 404, `no such path: ${deed}`);
    }
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const name = path === "/" ? "index.html" : path.slice(1);
    const content = await readFile(join(dashboardDirectory, name)).catch(() => undefined);
    if (content === undefined) return this.#refuse(response, 404, `no such file: ${path}`);
    response.writeHead(200, {
      "content-type": mediaTypes[extname(name)] ?? "application/octet-stream",
      "content-security-policy": contentSecurityPolicy,
    });
    response.end(content);
    return undefined;
  }

  #json(response: ServerResponse, body: unknown): void {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #refuse(response: ServerResponse, code: number, message: string): void {
    const status = { kind: "Status", apiVersion: "v1", status: "Failure", code, message };
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(status));
  }
}

export async function startFakePlinth(options: FakePlinthOptions = {}): Promise<FakePlinth> {
  const fake = new FakePlinth(options);
  await fake.listen();
  return fake;
}
