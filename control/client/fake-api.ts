import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { KindName, Metadata } from "@plinth/resource";

const GROUP = "/apis/plinth.dev/v1";

export interface FakeResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: unknown;
  readonly status?: unknown;
}

export interface FakeRequest {
  readonly method: string;
  /** Path below the API group, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  json(): unknown;
}

/** An answer: a JSON value, or a function that writes the response itself. */
type Answer = object | string | ((response: ServerResponse) => void) | undefined;

export interface FakeApi extends AsyncDisposable {
  readonly requests: readonly FakeRequest[];
  /** Answers requests before the built-in behaviour does; undefined leaves them to it. */
  intercept(handler: (request: FakeRequest) => Answer): void;
  /** Writes a resource as a controller would, and tells watchers. */
  write(
    kind: KindName,
    name: string,
    content: {
      spec?: unknown;
      status?: unknown;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    },
  ): FakeResource;
  remove(kind: KindName, name: string): void;
  resource(kind: KindName, name: string): FakeResource | undefined;
  /** Called after a user's PUT or PATCH or DELETE. */
  onChange(listener: (kind: string, resource: FakeResource) => void): void;
  /** Forgets history: watches from before now are answered 410. */
  compact(): void;
  /** Breaks every watch that is open. */
  breakWatches(): void;
}

interface Watcher {
  readonly plural: string;
  readonly labels: readonly string[];
  readonly response: ServerResponse;
}

interface HistoryEntry {
  readonly revision: number;
  readonly plural: string;
  readonly type: string;
  readonly object: FakeResource;
}

/** Starts the server; it listens once this resolves. */
export async function startFakeApi(socketPath: string): Promise<FakeApi> {
  const api = new MemoryApi();
  const server = createServer((request, response) => void api.serve(request, response));
  server.listen(socketPath);
  await once(server, "listening");
  return Object.assign(api, {
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

class MemoryApi {
  readonly requests: FakeRequest[] = [];
  readonly #resources = new Map<string, FakeResource>();
  readonly #watchers = new Set<Watcher>();
  #history: HistoryEntry[] = [];
  #revision = 1;
  #compacted = 0;
  #handlers: ((request: FakeRequest) => Answer)[] = [];
  #listeners: ((kind: string, resource: FakeResource) => void)[] = [];

  intercept(handler: (request: FakeRequest) => Answer): void {
    this.#handlers.unshift(handler);
  }

  onChange(listener: (kind: string, resource: FakeResource) => void): void {
    this.#listeners.push(listener);
  }

  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  breakWatches(): void {
    for (const watcher of this.#watchers) watcher.response.destroy();
    this.#watchers.clear();
  }

  resource(kind: KindName, name: string): FakeResource | undefined {
    return this.#resources.get(`${kind.toLowerCase()}s/${name}`);
  }

  write(
    kind: KindName,
    name: string,
    content: {
      spec?: unknown;
      status?: unknown;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    },
  ): FakeResource {
    const plural = `${kind.toLowerCase()}s`;
    const before = this.#resources.get(`${plural}/${name}`);
    const changed =
      content.spec !== undefined && JSON.stringify(content.spec) !== JSON.stringify(before?.spec);
    const labels = content.labels ?? before?.metadata.labels;
    const annotations = content.annotations ?? before?.metadata.annotations;
    const object: FakeResource = {
      apiVersion: "plinth.dev/v1",
      kind,
      metadata: {
        name,
        uid: before?.metadata.uid ?? `uid-${this.#revision}`,
        resourceVersion: String(++this.#revision),
        generation: (before?.metadata.generation ?? 0) + (changed ? 1 : 0),
        creationTimestamp: "2026-01-01T00:00:00.000Z",
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: content.spec ?? before?.spec ?? {},
      status: content.status ?? before?.status,
    };
    this.#resources.set(`${plural}/${name}`, object);
    this.#tell(plural, before === undefined ? "ADDED" : "MODIFIED", object);
    return object;
  }

  remove(kind: KindName, name: string): void {
    const plural = `${kind.toLowerCase()}s`;
    const object = this.#resources.get(`${plural}/${name}`);
    if (object === undefined) return;
    this.#resources.delete(`${plural}/${name}`);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) };
    this.#tell(plural, "DELETED", { ...object, metadata });
  }

  #tell(plural: string, type: string, object: FakeResource): void {
    this.#history.push({ revision: this.#revision, plural, type, object });
    for (const watcher of this.#watchers) {
      if (watcher.plural === plural && matches(object, watcher.labels)) {
        watcher.response.write(`${JSON.stringify({ type, object })}\n`);
      }
    }
  }

  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(incoming.url ?? "/", "http://localhost");
    const body = Buffer.concat(chunks);
    const request: FakeRequest = {
      method: incoming.method ?? "GET",
      path: url.pathname.startsWith(GROUP) ? url.pathname.slice(GROUP.length) : url.pathname,
      query: url.searchParams,
      body,
      json: () => JSON.parse(body.toString("utf8")),
    };
    this.requests.push(request);
    for (const handler of this.#handlers) {
      const answer = handler(request);
      if (answer === undefined) continue;
      if (typeof answer === "function") answer(response);
      else send(response, statusOf(answer), answer);
      return;
    }
    this.#answer(request, response);
  }

  #answer(request: FakeRequest, response: ServerResponse): void {
    if (request.path === "/healthz") return send(response, 200, "ok");
    const [, plural = "", name, action] = request.path.split("/").map(decodeURIComponent);
    const kind = kindNames[plural];
    if (kind === undefined)
      return send(response, 404, failure(404, "NotFound", `no such path: ${request.path}`));
    if (name === undefined) {
      const labels = (request.query.get("labelSelector") ?? "").split(",").filter(Boolean);
      if (request.query.get("watch") === "true") return this.#watch(plural, labels, request, response);
      const items = [...this.#resources]
        .filter(([key, object]) => key.startsWith(`${plural}/`) && matches(object, labels))
        .map(([, object]) => object);
      const metadata = { resourceVersion: String(this.#revision) };
      return send(response, 200, { apiVersion: "plinth.dev/v1", kind: `${kind}List`, metadata, items });
    }
    if (action !== undefined) return send(response, 404, failure(404, "NotFound", `no action ${action}`));
    return this.#one(kind, `${plural}/${name}`, name, request, response);
  }

  #one(kind: KindName, key: string, name: string, request: FakeRequest, response: ServerResponse): void {
    const before = this.#resources.get(key);
    if (before === undefined && request.method !== "PUT") {
      return send(response, 404, failure(404, "NotFound", `${kind} "${name}" not found`));
    }
    if (request.method === "GET") return send(response, 200, before);
    if (request.method === "DELETE") {
      this.remove(kind, name);
      for (const listener of this.#listeners) listener(kind, before!);
      return send(response, 200, before);
    }
    const sent = request.json() as FakeResource;
    const version = sent.metadata?.resourceVersion;
    if (version !== undefined && version !== before?.metadata.resourceVersion) {
      return send(response, 409, failure(409, "Conflict", `${kind} "${name}" has been changed since`));
    }
    const spec = request.method === "PATCH" ? mergePatch(before?.spec, sent.spec) : sent.spec;
    if (request.query.get("dryRun") === "All") return send(response, 200, { ...sent, spec });
    const { annotations } = sent.metadata ?? {};
    const object = this.write(kind, name, { spec, ...(annotations === undefined ? {} : { annotations }) });
    send(response, 200, object);
    for (const listener of this.#listeners) listener(kind, object);
  }

  #watch(plural: string, labels: readonly string[], request: FakeRequest, response: ServerResponse): void {
    const from = Number(request.query.get("resourceVersion") ?? this.#revision);
    if (from < this.#compacted)
      return send(response, 410, failure(410, "Expired", `revision ${from} is compacted`));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const { revision, plural: of, type, object } of this.#history) {
      if (revision > from && of === plural && matches(object, labels)) {
        response.write(`${JSON.stringify({ type, object })}\n`);
      }
    }
    const watcher = { plural, labels, response };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
  }
}

const kindNames: Readonly<Record<string, KindName>> = {
  apps: "App",
  services: "Service",
  instances: "Instance",
  releases: "Release",
  secrets: "Secret",
};

function matches(object: FakeResource, labels: readonly string[]): boolean {
  return labels.every((pair) => {
    const [name = "", value] = pair.split("=");
    return object.metadata.labels?.[name] === value;
  });
}

function failure(code: number, reason: string, message: string): object {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
}

function statusOf(answer: object | string): number {
  if (typeof answer === "string") return 200;
  const { kind, code } = answer as { kind?: string; code?: number };
  return kind === "Status" ? (code ?? 500) : 200;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(text);
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(typeof target === "object" ? target : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}
