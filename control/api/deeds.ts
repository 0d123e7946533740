import { Fault } from "@plinth/fault";
import { type AppSpec, quoted, SESSION_PROTOCOL, type TapFilter } from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import type { ApiActions, InstanceLine, JoinTokenRequest, LogRequest } from "./actions.ts";
import { readBody, readJson } from "./body.ts";
import { type Exchange, NDJSON, sendJson, sendParts } from "./exchange.ts";
import { SECRET_BYTES_MAX } from "./limits.ts";
import { holdSession } from "./session.ts";
import { InvalidResource } from "./status.ts";

/** More lines than anybody reads; the log itself is capped. */
const TAIL_LINES_MAX = 1_000_000;

/** A JSON body that matches the definition its route names. */
async function readRequest<Body>({ request, response, match }: Exchange): Promise<Body> {
  const definition = match.route.body?.definition;
  const value = await readJson(request, response, ["application/json"]);
  const problems = definition === undefined ? [] : validate(definition, value);
  if (definition !== undefined && problems.length > 0) throw new InvalidResource(definition, problems);
  return value as Body;
}

function requireName({ match }: Exchange, definition: "Name" | "SecretName" = "Name"): string {
  const problems = validate(definition, match.resourceName);
  if (problems.length > 0) throw new InvalidResource("The name in the path", problems);
  return match.resourceName;
}

function requireStoreName({ match }: Exchange): string {
  const problems = validate("Name", match.storeName);
  if (problems.length > 0) throw new InvalidResource("The store's name in the path", problems);
  return match.storeName;
}

function requireInstanceName({ match }: Exchange): string {
  const problems = validate("Metadata", { name: match.resourceName });
  if (problems.length > 0) throw new InvalidResource("The name in the path", problems);
  return match.resourceName;
}

/** As it was asked for; whoever taps checks it. */
function tapFilter({ query }: Exchange): TapFilter {
  const filter: Record<string, unknown> = {};
  for (const name of ["app", "from", "to", "method", "path", "status"]) {
    const text = query.get(name);
    if (text !== null) filter[name] = text;
  }
  const maxRps = query.get("maxRps");
  if (maxRps !== null) filter["maxRps"] = Number(maxRps);
  return { ...filter, query: query.get("query") === "true" };
}

function logRequest({ query, signal }: Exchange): LogRequest {
  const tail = query.get("tail");
  if (tail !== null && !(/^[0-9]{1,7}$/.test(tail) && Number(tail) <= TAIL_LINES_MAX)) {
    throw new Fault("invalid", `Cannot use tail=${quoted(tail)}: expected a number of lines`);
  }
  return { follow: query.get("follow") === "true", tail: tail === null ? undefined : Number(tail), signal };
}

const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** `fields` are JSON already. */
const instanceLine = ({ fields, ...written }: InstanceLine): string =>
  fields === undefined ? jsonLine(written) : `${JSON.stringify(written).slice(0, -1)},"fields":${fields}}\n`;

/** The routes that do something instead of reading or writing a resource. */
export class Deeds {
  readonly #actions: ApiActions;

  constructor(actions: ApiActions) {
    this.#actions = actions;
  }

  readiness({ response }: Exchange): void {
    const reason = this.#actions.notReadyReason();
    if (reason !== undefined) throw new Fault("unavailable", `Not ready: ${reason}`);
    sendJson(response, 200, { ready: true });
  }

  async stat({ query, response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.stat(query.get("app") ?? undefined));
  }

  async egress({ query, response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.egress(query.get("app") ?? undefined));
  }

  async tap(exchange: Exchange): Promise<void> {
    const events = await this.#actions.tap(tapFilter(exchange), exchange.signal);
    await sendParts(exchange, NDJSON, events, jsonLine);
  }

  async diagnostics({ response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.diagnostics());
  }

  async ps({ query, response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.ps(query.get("app") ?? undefined));
  }

  async status({ response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.status());
  }

  async state(exchange: Exchange): Promise<void> {
    // Asked first: where there is none, that is said with a status of its own.
    const parts = this.#actions.state();
    await sendParts(exchange, "application/octet-stream", parts, (part) => part);
  }

  async plan(exchange: Exchange): Promise<void> {
    const app = requireName(exchange);
    const spec = await readRequest<AppSpec>(exchange);
    sendJson(exchange.response, 200, await this.#actions.plan(app, spec, exchange.signal));
  }

  async rollback(exchange: Exchange): Promise<void> {
    const app = requireName(exchange);
    const { to } = await readRequest<{ to?: number }>(exchange);
    sendJson(exchange.response, 200, await this.#actions.rollback(app, to));
  }

  async caller(exchange: Exchange): Promise<void> {
    const app = requireName(exchange);
    const { service, caller, revoke } = await readRequest<{ service: string; caller: string; revoke?: true }>(
      exchange,
    );
    if (revoke !== true) {
      sendJson(exchange.response, 200, await this.#actions.admitCaller(app, service, caller));
      return;
    }
    await this.#actions.revokeCaller(app, service, caller);
    sendJson(exchange.response, 200, {});
  }

  async storeAccess(exchange: Exchange): Promise<void> {
    const access = await this.#actions.storeAccess(requireName(exchange), requireStoreName(exchange));
    sendJson(exchange.response, 200, access);
  }

  async setSecretValue(exchange: Exchange): Promise<void> {
    const name = requireName(exchange, "SecretName");
    const value = await readBody(exchange.request, exchange.response, SECRET_BYTES_MAX);
    sendJson(exchange.response, 200, await this.#actions.setSecretValue(name, value));
  }

  async deleteSecret(exchange: Exchange): Promise<void> {
    await this.#actions.deleteSecret(requireName(exchange, "SecretName"));
    sendJson(exchange.response, 200, {});
  }

  async joinToken(exchange: Exchange): Promise<void> {
    sendJson(
      exchange.response,
      200,
      await this.#actions.createJoinToken(await readRequest<JoinTokenRequest>(exchange)),
    );
  }

  async identity({ response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.identity());
  }

  async rotateRoot(exchange: Exchange): Promise<void> {
    const { now = false } = await readRequest<{ now?: boolean }>(exchange);
    sendJson(exchange.response, 200, await this.#actions.rotateRoot(now));
  }

  async expireCertificates({ response }: Exchange): Promise<void> {
    sendJson(response, 200, await this.#actions.expireCertificates());
  }

  async haltHost(exchange: Exchange): Promise<void> {
    await this.#actions.haltHost(requireName(exchange));
    sendJson(exchange.response, 200, {});
  }

  async forgetHost(exchange: Exchange): Promise<void> {
    await this.#actions.forgetHost(requireName(exchange));
    sendJson(exchange.response, 200, {});
  }

  async log(exchange: Exchange): Promise<void> {
    const parts = await this.#actions.logs(requireInstanceName(exchange), logRequest(exchange));
    await sendParts(exchange, "text/plain; charset=utf-8", parts, (part) => part);
  }

  async appLog(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    const batches = await this.#actions.appLogs(requireName(exchange), {
      ...logRequest(exchange),
      service: query.get("service") ?? undefined,
      instance: query.get("instance") ?? undefined,
      fields: query.get("fields") === "true",
    });
    await sendParts(exchange, NDJSON, batches, (lines) => lines.map(instanceLine).join(""));
  }

  async exec(exchange: Exchange): Promise<void> {
    const instance = requireInstanceName(exchange);
    const { command } = await readRequest<{ command: string[] }>(exchange);
    const events = await this.#actions.exec(instance, command, exchange.signal);
    await sendParts(exchange, NDJSON, events, (event) =>
      jsonLine(
        "data" in event ? { stream: event.stream, data: Buffer.from(event.data).toString("base64") } : event,
      ),
    );
  }

  async attach(exchange: Exchange): Promise<void> {
    const instance = requireInstanceName(exchange);
    const { request, response, signal } = exchange;
    if (request.headers.upgrade !== SESSION_PROTOCOL || response.socket === null) {
      throw new Fault("invalid", `Cannot open a session: ask the connection to become ${SESSION_PROTOCOL}`);
    }
    const { socket } = response;
    socket.setTimeout(0);
    response.detachSocket(socket);
    await holdSession(socket, (asked, input) => this.#actions.attach(instance, asked, input, signal), signal);
  }

  async signalInstance(exchange: Exchange): Promise<void> {
    const instance = requireInstanceName(exchange);
    const { signal } = await readRequest<{ signal: NodeJS.Signals }>(exchange);
    await this.#actions.signalInstance(instance, signal);
    sendJson(exchange.response, 200, {});
  }

  async signalProcess(exchange: Exchange): Promise<void> {
    const { resourceName } = exchange.match;
    if (resourceName !== "daemon" && resourceName !== "proxy") {
      throw new Fault(
        "not-found",
        `Cannot signal process ${quoted(resourceName)}: expected "daemon" or "proxy"`,
      );
    }
    const { signal } = await readRequest<{ signal: NodeJS.Signals }>(exchange);
    await this.#actions.signalProcess(resourceName, signal);
    sendJson(exchange.response, 200, {});
  }

  async upgrade(exchange: Exchange): Promise<void> {
    const { runtime } = await readRequest<{ runtime?: "node" | "bun" }>(exchange);
    sendJson(exchange.response, 200, await this.#actions.upgrade("proxy", runtime));
  }

  async shutdown(exchange: Exchange): Promise<void> {
    const { instances, graceMs } = await readRequest<{ instances: boolean; graceMs?: number }>(exchange);
    await this.#actions.shutdown({ instances, graceMs });
    sendJson(exchange.response, 202, {});
  }
}
