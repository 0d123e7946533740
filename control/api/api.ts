import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import { openApi, type RouteName } from "@plinth/resource";
import type { ApiActions } from "./actions.ts";
import { Credentials } from "./credentials.ts";
import { Deeds } from "./deeds.ts";
import { coreVersions, group, groupList, resourceList } from "./discovery.ts";
import { type Exchange, sendJson, sendStatus } from "./exchange.ts";
import { CLOSE_GRACE_MS, LINGER_MS, SESSION_MS, STREAMS_MAX, URL_CHARACTERS_MAX } from "./limits.ts";
import { checkFetchSite, checkHostAndOrigin } from "./origin.ts";
import { Resources } from "./resources.ts";
import { type Match, match, notFoundPath } from "./router.ts";
import { limitedServer, listenOnSocket, listenOnTcp } from "./server.ts";
import { StaticFiles } from "./static-files.ts";
import { Refusal, statusOf } from "./status.ts";
import { streamWatch } from "./watch.ts";

export interface ApiOptions {
  readonly registry: Registry;
  readonly actions: ApiActions;
  /** The Unix socket; whoever may open it needs no token. */
  readonly socketPath: string;
  /** Port 0 takes any free one. Without it only the Unix socket is served. */
  readonly tcp: { readonly address: string; readonly port: number } | undefined;
  readonly token: string;
  /** Built files of the dashboard; undefined serves none. */
  readonly dashboardDirectory: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
}

/** A listening API. Disposal stops accepting, ends streams, and gives requests under way a moment. */
export interface Api extends AsyncDisposable {
  /** `http://127.0.0.1:7080`; undefined without TCP. */
  readonly url: string | undefined;
  /** A one-time URL that opens the dashboard. */
  createLoginUrl(): string;
}

/** For a browser, which shows a Status as it is. */
const USED_LINK_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Plinth: this link is used up</title>
<h1>This link was used already or has expired</h1>
<p>For a new one, run <code>plinth open</code> where you started Plinth.</p>
</html>
`;

type Handler = (exchange: Exchange) => void | Promise<void>;

const answer =
  (value: unknown): Handler =>
  ({ response }) =>
    sendJson(response, 200, value);

const streaming: ReadonlySet<RouteName> = new Set(["log", "appLog", "exec", "attach", "tap", "state"]);
const watching: ReadonlySet<RouteName> = new Set(["list", "watch"]);

export async function createApi(options: ApiOptions): Promise<Api> {
  await using setup = new AsyncDisposableStack();
  const api = new HttpApi(options);
  setup.use(api);
  await api.listen();
  setup.move();
  return api;
}

class HttpApi implements Api {
  url: string | undefined;
  readonly #options: ApiOptions;
  readonly #credentials: Credentials;
  readonly #handlers: Readonly<Record<RouteName, Handler>>;
  readonly #files: StaticFiles | undefined;
  readonly #servers: Server[] = [];
  readonly #streams: Set<AbortController> = new Set();
  #cookieName = "plinth_session";
  #closing = false;

  constructor(options: ApiOptions) {
    const { registry, actions, dashboardDirectory, clock, version } = options;
    this.#options = options;
    this.#credentials = new Credentials(options.token, clock);
    this.#files = dashboardDirectory === undefined ? undefined : new StaticFiles(dashboardDirectory);
    const resources = new Resources(registry);
    const deeds = new Deeds(actions);
    const document = openApi(version);
    this.#handlers = {
      health: answer({ alive: true }),
      login: (exchange) => this.#login(exchange),
      readiness: (exchange) => deeds.readiness(exchange),
      version: answer({ version, gitVersion: `v${version}`, major: "0", minor: "1" }),
      openApi: answer(document),
      coreVersions: answer(coreVersions),
      groups: answer(groupList),
      group: answer(group),
      kinds: answer(resourceList),
      stat: (exchange) => deeds.stat(exchange),
      egress: (exchange) => deeds.egress(exchange),
      tap: (exchange) => deeds.tap(exchange),
      diagnostics: (exchange) => deeds.diagnostics(exchange),
      ps: (exchange) => deeds.ps(exchange),
      status: (exchange) => deeds.status(exchange),
      state: (exchange) => deeds.state(exchange),
      watch: (exchange) => {
        if (!isWatch(exchange.query)) throw new Fault("invalid", "Cannot list every kind: add watch=true");
        return streamWatch(exchange, registry, clock);
      },
      upgrade: (exchange) => deeds.upgrade(exchange),
      shutdown: (exchange) => deeds.shutdown(exchange),
      session: ({ response }) => sendJson(response, 200, { url: this.createLoginUrl() }),
      signalProcess: (exchange) => deeds.signalProcess(exchange),
      plan: (exchange) => deeds.plan(exchange),
      rollback: (exchange) => deeds.rollback(exchange),
      caller: (exchange) => deeds.caller(exchange),
      storeAccess: (exchange) => deeds.storeAccess(exchange),
      setSecretValue: (exchange) => deeds.setSecretValue(exchange),
      deleteSecret: (exchange) => deeds.deleteSecret(exchange),
      joinToken: (exchange) => deeds.joinToken(exchange),
      forgetHost: (exchange) => deeds.forgetHost(exchange),
      identity: (exchange) => deeds.identity(exchange),
      rotateRoot: (exchange) => deeds.rotateRoot(exchange),
      expireCertificates: (exchange) => deeds.expireCertificates(exchange),
      haltHost: (exchange) => deeds.haltHost(exchange),
      log: (exchange) => deeds.log(exchange),
      appLog: (exchange) => deeds.appLog(exchange),
      exec: (exchange) => deeds.exec(exchange),
      attach: (exchange) => deeds.attach(exchange),
      signalInstance: (exchange) => deeds.signalInstance(exchange),
      list: (exchange) =>
        isWatch(exchange.query) ? streamWatch(exchange, registry, clock) : resources.list(exchange),
      create: (exchange) => resources.create(exchange),
      get: (exchange) => resources.get(exchange),
      replace: (exchange) => resources.replace(exchange),
      patch: (exchange) => resources.patch(exchange),
      delete: (exchange) => resources.delete(exchange),
    };
  }

  async listen(): Promise<void> {
    const { socketPath, tcp } = this.#options;
    const local = limitedServer((request, response) => void this.#serve(request, response, undefined));
    this.#servers.push(local);
    await listenOnSocket(local, socketPath);
    if (tcp === undefined) return;
    const remote = limitedServer((request, response) => void this.#serve(request, response, tcp.address));
    this.#servers.push(remote);
    const port = await listenOnTcp(remote, tcp.address, tcp.port);
    const everywhere = tcp.address === "0.0.0.0" || tcp.address === "::";
    const host = everywhere ? "127.0.0.1" : tcp.address.includes(":") ? `[${tcp.address}]` : tcp.address;
    this.url = `http://${host}:${port}`;
    // Cookies know hosts, not ports: two Plinths on one machine must not log each other out.
    this.#cookieName = `plinth_session_${port}`;
  }

  createLoginUrl(): string {
    if (this.url === undefined)
      throw new Fault("unsupported", "Cannot open the dashboard: the API has no TCP port");
    return `${this.url}/login?token=${this.#credentials.createLogin()}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const closed = this.#servers
      .filter((server) => server.listening)
      .map((server) => {
        const done = once(server, "close");
        server.close();
        return done;
      });
    for (const stream of this.#streams) stream.abort(new Fault("unavailable", "The API is closing"));
    for (const server of this.#servers) server.closeIdleConnections();
    const cancel = this.#options.clock.schedule(CLOSE_GRACE_MS, () => {
      for (const server of this.#servers) server.closeAllConnections();
    });
    await Promise.all(closed);
    cancel();
  }

  /** `address`: of the TCP listener; undefined for the Unix socket. Never rejects. */
  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    address: string | undefined,
  ): Promise<void> {
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    if (this.#closing) response.setHeader("Connection", "close");
    try {
      await this.#route(request, response, address);
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    address: string | undefined,
  ): Promise<void> {
    const { method = "", url = "" } = request;
    const hosts = request.rawHeaders.filter(
      (name, index) => index % 2 === 0 && name.toLowerCase() === "host",
    );
    if (hosts.length !== 1 || !url.startsWith("/") || url.length > URL_CHARACTERS_MAX) {
      throw new Refusal("bad-request", "Cannot read the request: its target or Host header is not valid");
    }
    if (address !== undefined) checkHostAndOrigin(request, address);
    const [path = "", search = ""] = url.split(/\?(.*)/s, 2);
    const found = tryMatch(method, path);
    if (found === undefined && (method === "GET" || method === "HEAD")) {
      const served = await this.#serveFile(request, response, path);
      if (served) return;
    }
    if (!(found !== undefined && "route" in found && found.route.access === "anyone")) {
      this.#authenticate(request, address);
    }
    if (found === undefined) throw notFoundPath(path);
    if (!("route" in found)) throw found;
    await this.#dispatch(request, response, found, new URLSearchParams(search));
  }

  #authenticate(request: IncomingMessage, address: string | undefined): void {
    // Who can open the socket's file is its owner.
    if (address === undefined) return;
    const shown = this.#credentials.shownBy(request, this.#cookieName);
    if (shown === "session") checkFetchSite(request);
    if (shown !== undefined) return;
    throw new Fault("unauthorized", "Cannot answer: no valid token or session was sent", {
      hint: "Send `Authorization: Bearer TOKEN`, or run `plinth open` for the dashboard.",
    });
  }

  async #dispatch(
    request: IncomingMessage,
    response: ServerResponse,
    found: Match,
    query: URLSearchParams,
  ): Promise<void> {
    const controller = new AbortController();
    const gone = (): void => controller.abort(new Fault("unavailable", "The client is gone"));
    response.once("close", gone);
    // A session's connection is no longer its answer's.
    if (found.name === "attach") request.socket.once("close", gone);

    const streams = streaming.has(found.name) || (watching.has(found.name) && isWatch(query));
    if (streams) {
      if (this.#closing || this.#streams.size >= STREAMS_MAX) {
        throw new Fault("exhausted", `Cannot stream: ${STREAMS_MAX} streams are open already`);
      }
      this.#streams.add(controller);
    }
    try {
      await this.#handlers[found.name]({ request, response, match: found, query, signal: controller.signal });
    } finally {
      this.#streams.delete(controller);
    }
  }

  async #serveFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    if (this.#files === undefined || /^\/(apis?|openapi)(\/|$)/.test(path)) return false;
    const file = await this.#files.find(path, request.headers.accept);
    if (file === undefined) return false;
    await this.#files.send(file, path, request.method === "GET", response);
    return true;
  }

  #login({ request, response, query }: Exchange): void {
    const session = this.#credentials.redeem(query.get("token") ?? "");
    if (session === undefined && this.#credentials.shownBy(request, this.#cookieName) === "session") {
      // The link opened a second time by the browser it let in before.
      response.writeHead(303, { Location: "/", "Content-Length": 0 }).end();
      return;
    }
    if (session === undefined) {
      if (request.headers.accept?.includes("text/html") === true) {
        response.writeHead(401, {
          "Content-Type": "text/html; charset=utf-8",
          "Content-Length": Buffer.byteLength(USED_LINK_PAGE),
          "Content-Security-Policy": "default-src 'none'",
        });
        response.end(USED_LINK_PAGE);
        return;
      }
      throw new Fault("unauthorized", "Cannot log in: this link was used already or has expired", {
        hint: "Run `plinth open` for a new one.",
      });
    }
    response.writeHead(303, {
      Location: "/",
      "Set-Cookie":
        `${this.#cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/; ` +
        `Max-Age=${SESSION_MS / 1000}`,
      "Content-Length": 0,
    });
    response.end();
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      // A stream that breaks off: the client must not take what it has for the whole.
      response.destroy();
      return;
    }
    const status = statusOf(error);
    const [path] = (request.url ?? "").split("?");
    if (status.code === 500) {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#options.log.error("request failed", { method: request.method, path: path?.slice(0, 200), stack });
    }
    if (error instanceof Refusal && error.allow.length > 0)
      response.setHeader("Allow", error.allow.join(", "));
    const bodyUnread =
      !request.complete &&
      (request.headers["transfer-encoding"] !== undefined ||
        Number(request.headers["content-length"] ?? 0) > 0);
    if (bodyUnread) {
      this.#linger(response, status);
      return;
    }
    sendStatus(response, status);
  }

  /**
   * Answers without reading the rest of a body. Closing at once would reset the connection, and the client might never
   * read the answer; so the answer is written whole, and the connection cut when the client is gone or a moment later.
   */
  #linger(response: ServerResponse, status: ReturnType<typeof statusOf>): void {
    const body = Buffer.from(JSON.stringify(status));
    response.writeHead(status.code, {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      Connection: "close",
    });
    response.write(body);
    const cancel = this.#options.clock.schedule(LINGER_MS, () => response.destroy());
    response.once("close", cancel);
  }
}

function isWatch(query: URLSearchParams): boolean {
  const watch = query.get("watch");
  return watch === "true" || watch === "1";
}

/** A refusal to be thrown only to those who have shown a credential. */
function tryMatch(method: string, path: string): Match | Error | undefined {
  try {
    return match(method, path);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
