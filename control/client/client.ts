import type {
  CallerReport,
  DiagnosticsReport,
  EgressStat,
  ExpiryReport,
  IdentityReport,
  JoinTokenReport,
  Plan,
  PsRow,
  SessionRequest,
  StatReport,
  StatusReport,
  StoreAccessReport,
  TapEvent,
  TapFilter,
} from "@plinth/resource";
import { type Clock, systemClock } from "@plinth/clock";
import type { AppSpec, KindName, KindTypes, Metadata } from "@plinth/resource";
import { session, type SessionInput } from "./session.ts";
import { Transport, bytesOf, parseJson, valuesOf } from "./transport.ts";
import { type WatchEvent, watchResources } from "./watch.ts";

const GROUP = "/apis/plinth.dev/v1";
/** Generous for a daemon on the same machine: a write waits for its sync, and a busy disk can take seconds. */
const DEADLINE_MS = 30_000;
/** An upgrade answers after the old proxy has begun to drain. */
const UPGRADE_DEADLINE_MS = 60_000;
/** A rotation answers once every host has what it needs. */
const ROTATE_DEADLINE_MS = 150_000;
/** How long a watch waits for a daemon that its supervisor is restarting. */
const WATCH_UNAVAILABLE_MS = 30_000;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Longest wait for the answer. Default: 30 s. */
  readonly deadlineMs?: number;
}

export interface ListOptions extends CallOptions {
  /** Only resources that carry all of these labels. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface WatchOptions extends ListOptions {
  /** Longest time without a daemon before the watch fails. Default: 30 s. */
  readonly unavailableMs?: number;
}

export interface LogOptions extends CallOptions {
  /** Go on with what is written from now on, over restarts. Default: false. */
  readonly follow?: boolean;
  /** How many of the last lines to begin with. Default: all that is kept. */
  readonly tail?: number;
}

export interface AppLogOptions extends LogOptions {
  /** Only this service's instances. */
  readonly service?: string;
  /** Only this one. */
  readonly instance?: string;
}

export interface ResourceList<K extends KindName> {
  readonly resourceVersion: string;
  readonly items: readonly KindTypes[K][];
}

/** What a user sends: a resource without what the server fills in. */
export interface Draft<K extends KindName> {
  readonly metadata: Metadata;
  readonly spec: KindTypes[K]["spec"];
}

export type ExecEvent =
  | { readonly stream: "stdout" | "stderr"; readonly data: Buffer }
  | { readonly exitCode: number };

/** Plinth's API. Every call rejects with a Fault; one with code "unavailable" means that no daemon answers. */
export interface Client {
  get<K extends KindName>(kind: K, name: string, options?: CallOptions): Promise<KindTypes[K]>;
  list<K extends KindName>(kind: K, options?: ListOptions): Promise<ResourceList<K>>;
  watch<K extends KindName>(kind: K, options?: WatchOptions): AsyncGenerator<WatchEvent<K>>;
  /** Creates or replaces; with `metadata.resourceVersion`, replaces only that version. */
  apply<K extends KindName>(
    kind: K,
    draft: Draft<K>,
    options?: CallOptions & { dryRun?: boolean },
  ): Promise<KindTypes[K]>;
  /** Applies a merge patch (RFC 7396): null removes a member. */
  patch<K extends KindName>(
    kind: K,
    name: string,
    patch: object,
    options?: CallOptions,
  ): Promise<KindTypes[K]>;
  delete(kind: KindName, name: string, options?: CallOptions): Promise<void>;

  plan(app: string, spec: AppSpec, options?: CallOptions): Promise<Plan>;
  /** Returns to release `to`; default: the one before the active. */
  rollback(app: string, to: number | undefined, options?: CallOptions): Promise<KindTypes["App"]>;
  setSecretValue(name: string, value: Uint8Array, options?: CallOptions): Promise<KindTypes["Secret"]>;

  /** Gives an outside caller its address for a service. */
  admitCaller(app: string, service: string, caller: string, options?: CallOptions): Promise<CallerReport>;
  revokeCaller(app: string, service: string, caller: string, options?: CallOptions): Promise<void>;
  /** The URL of an app's store for this host, its password included. */
  storeAccess(app: string, store: string, options?: CallOptions): Promise<StoreAccessReport>;

  /** An instance's output as it was written: raw bytes, not for a terminal as they are. */
  log(instance: string, options?: LogOptions): AsyncGenerator<Buffer>;
  /** The output of an app's instances with what `logs.remap` makes of it: JSON values as lines, in any pieces. */
  appLog(app: string, options?: AppLogOptions): AsyncGenerator<Buffer>;
  exec(instance: string, command: readonly string[], options?: CallOptions): AsyncGenerator<ExecEvent>;
  /** A command with input and perhaps a terminal, or a copy of files; whoever leaves early ends it. */
  attach(
    instance: string,
    request: SessionRequest,
    input: AsyncIterable<SessionInput>,
    options?: CallOptions,
  ): AsyncGenerator<ExecEvent>;
  signalInstance(instance: string, signal: string, options?: CallOptions): Promise<void>;
  signalProcess(process: "daemon" | "proxy", signal: string, options?: CallOptions): Promise<void>;

  identity(options?: CallOptions): Promise<IdentityReport>;
  rotateRoot(now: boolean, options?: CallOptions): Promise<IdentityReport>;
  expireCertificates(options?: CallOptions): Promise<ExpiryReport>;
  haltHost(name: string, options?: CallOptions): Promise<void>;
  createJoinToken(
    request: { readonly address?: string; readonly host?: string; readonly lifeMs?: number },
    options?: CallOptions,
  ): Promise<JoinTokenReport>;

  stat(app?: string, options?: CallOptions): Promise<StatReport>;
  egress(app?: string, options?: CallOptions): Promise<readonly EgressStat[]>;
  /** Live requests until the signal. */
  tap(filter: TapFilter, options?: CallOptions): AsyncGenerator<TapEvent>;
  diagnostics(options?: CallOptions): Promise<DiagnosticsReport>;
  ps(app?: string, options?: CallOptions): Promise<readonly PsRow[]>;
  status(options?: CallOptions): Promise<StatusReport>;
  /** A sealed snapshot of Plinth's own store, as it comes. */
  state(options?: CallOptions): AsyncGenerator<Buffer>;
  upgradeProxy(runtime?: "node" | "bun", options?: CallOptions): Promise<void>;
  shutdown(request: { instances: boolean; graceMs?: number }, options?: CallOptions): Promise<void>;
  /** A one-time address that opens the dashboard. */
  session(options?: CallOptions): Promise<{ readonly url: string }>;
  /** Resolves when a daemon answers. */
  healthy(options?: CallOptions): Promise<void>;
}

export interface ClientOptions {
  readonly socketPath: string;
  readonly clock?: Clock;
}

/** A client of the Plinth whose API listens on `socketPath`; no connection is made before the first call. */
export function createClient(options: ClientOptions): Client {
  return new SocketClient(options.socketPath, options.clock ?? systemClock);
}

// The plural of every kind is regular, so that naming a path needs no schema at start-up.
const collection = (kind: KindName): string => `${GROUP}/${kind.toLowerCase()}s`;
const path = (kind: KindName, name: string): string => `${collection(kind)}/${encodeURIComponent(name)}`;

function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function selector(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  if (labels === undefined) return undefined;
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

interface CallBody {
  readonly body?: unknown;
  readonly raw?: Uint8Array;
  readonly contentType?: string;
  /** Whether doing it twice is doing it once. Default: by the method; a delete done twice finds nothing. */
  readonly repeatable?: boolean;
}

class SocketClient implements Client {
  readonly #transport: Transport;
  readonly #clock: Clock;

  constructor(socketPath: string, clock: Clock) {
    this.#transport = new Transport(socketPath, clock);
    this.#clock = clock;
  }

  get<K extends KindName>(kind: K, name: string, options?: CallOptions): Promise<KindTypes[K]> {
    return this.#call("GET", path(kind, name), options);
  }

  async list<K extends KindName>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    const answer = await this.#call<{
      metadata: { resourceVersion: string };
      items: readonly KindTypes[K][];
    }>("GET", collection(kind) + query({ labelSelector: selector(options?.labels) }), options);
    return { resourceVersion: answer.metadata.resourceVersion, items: answer.items };
  }

  watch<K extends KindName>(kind: K, options?: WatchOptions): AsyncGenerator<WatchEvent<K>> {
    const { signal, labels, unavailableMs = WATCH_UNAVAILABLE_MS } = options ?? {};
    return watchResources<K>({
      clock: this.#clock,
      unavailableMs,
      signal,
      list: () => this.list(kind, options),
      stream: (resourceVersion) =>
        this.#values(
          "GET",
          collection(kind) +
            query({
              watch: true,
              allowWatchBookmarks: true,
              resourceVersion,
              labelSelector: selector(labels),
            }),
          options,
        ),
    });
  }

  apply<K extends KindName>(
    kind: K,
    draft: Draft<K>,
    options?: CallOptions & { dryRun?: boolean },
  ): Promise<KindTypes[K]> {
    const body = { apiVersion: "plinth.dev/v1", kind, ...draft };
    const suffix = query({ dryRun: options?.dryRun === true ? "All" : undefined });
    return this.#call("PUT", path(kind, draft.metadata.name) + suffix, options, { body });
  }

  patch<K extends KindName>(
    kind: K,
    name: string,
    patch: object,
    options?: CallOptions,
  ): Promise<KindTypes[K]> {
    const contentType = "application/merge-patch+json";
    return this.#call("PATCH", path(kind, name), options, { body: patch, contentType });
  }

  async delete(kind: KindName, name: string, options?: CallOptions): Promise<void> {
    await this.#call("DELETE", path(kind, name), options);
  }

  identity(options?: CallOptions): Promise<IdentityReport> {
    return this.#call("GET", `${GROUP}/identity`, options);
  }

  rotateRoot(now: boolean, options?: CallOptions): Promise<IdentityReport> {
    const patient = { deadlineMs: ROTATE_DEADLINE_MS, ...options };
    return this.#call("POST", `${GROUP}/identity/rotate`, patient, { body: { now } });
  }

  expireCertificates(options?: CallOptions): Promise<ExpiryReport> {
    const patient = { deadlineMs: ROTATE_DEADLINE_MS, ...options };
    return this.#call("POST", `${GROUP}/identity/expire`, patient);
  }

  async haltHost(name: string, options?: CallOptions): Promise<void> {
    await this.#call("POST", `${path("Host", name)}/halt`, options);
  }

  createJoinToken(request: object, options?: CallOptions): Promise<JoinTokenReport> {
    return this.#call("POST", `${GROUP}/jointokens`, options, { body: request });
  }

  plan(app: string, spec: AppSpec, options?: CallOptions): Promise<Plan> {
    return this.#call("POST", `${path("App", app)}/plan`, options, { body: spec, repeatable: true });
  }

  rollback(app: string, to: number | undefined, options?: CallOptions): Promise<KindTypes["App"]> {
    const repeatable = to !== undefined; // "the one before" is another one once it has been done
    return this.#call("POST", `${path("App", app)}/rollback`, options, { body: { to }, repeatable });
  }

  admitCaller(app: string, service: string, caller: string, options?: CallOptions): Promise<CallerReport> {
    const body = { service, caller };
    return this.#call("POST", `${path("App", app)}/callers`, options, { body, repeatable: true });
  }

  async revokeCaller(app: string, service: string, caller: string, options?: CallOptions): Promise<void> {
    const body = { service, caller, revoke: true };
    await this.#call("POST", `${path("App", app)}/callers`, options, { body, repeatable: true });
  }

  storeAccess(app: string, store: string, options?: CallOptions): Promise<StoreAccessReport> {
    const target = `${path("App", app)}/stores/${encodeURIComponent(store)}/access`;
    return this.#call("POST", target, options, { repeatable: true });
  }

  setSecretValue(name: string, value: Uint8Array, options?: CallOptions): Promise<KindTypes["Secret"]> {
    return this.#call("PUT", `${path("Secret", name)}/value`, options, {
      raw: value,
      contentType: "application/octet-stream",
    });
  }

  async *log(instance: string, options?: LogOptions): AsyncGenerator<Buffer> {
    const suffix = query({ follow: options?.follow, tail: options?.tail });
    yield* this.#bytes(`${path("Instance", instance)}/log${suffix}`, options);
  }

  async *appLog(app: string, options?: AppLogOptions): AsyncGenerator<Buffer> {
    const { service, instance, follow, tail } = options ?? {};
    const suffix = query({ service, instance, follow, tail, fields: true });
    yield* this.#bytes(`${path("App", app)}/log${suffix}`, options);
  }

  async *exec(
    instance: string,
    command: readonly string[],
    options?: CallOptions,
  ): AsyncGenerator<ExecEvent> {
    const values = await this.#values("POST", `${path("Instance", instance)}/exec`, options, { command });
    for await (const value of values) {
      const event = value as { stream: "stdout" | "stderr"; data: string } | { exitCode: number };
      yield "exitCode" in event ? event : { stream: event.stream, data: Buffer.from(event.data, "base64") };
    }
  }

  async *attach(
    instance: string,
    request: SessionRequest,
    input: AsyncIterable<SessionInput>,
    options?: CallOptions,
  ): AsyncGenerator<ExecEvent> {
    const target = `${path("Instance", instance)}/exec`;
    const socket = await this.#transport.upgrade(target, options?.signal, options?.deadlineMs ?? DEADLINE_MS);
    yield* session(socket, request, input, options?.signal);
  }

  async signalInstance(instance: string, signal: string, options?: CallOptions): Promise<void> {
    await this.#call("POST", `${path("Instance", instance)}/signal`, options, { body: { signal } });
  }

  async signalProcess(name: "daemon" | "proxy", signal: string, options?: CallOptions): Promise<void> {
    await this.#call("POST", `${GROUP}/processes/${name}/signal`, options, { body: { signal } });
  }

  stat(app?: string, options?: CallOptions): Promise<StatReport> {
    return this.#call("GET", `${GROUP}/stat${query({ app })}`, options);
  }

  egress(app?: string, options?: CallOptions): Promise<readonly EgressStat[]> {
    return this.#call("GET", `${GROUP}/egress${query({ app })}`, options);
  }

  async *tap(filter: TapFilter, options?: CallOptions): AsyncGenerator<TapEvent> {
    const values = await this.#values("GET", `${GROUP}/tap${query({ ...filter })}`, options);
    for await (const value of values) yield value as TapEvent;
  }

  diagnostics(options?: CallOptions): Promise<DiagnosticsReport> {
    return this.#call("GET", `${GROUP}/diagnostics`, options);
  }

  ps(app?: string, options?: CallOptions): Promise<readonly PsRow[]> {
    return this.#call("GET", `${GROUP}/ps${query({ app })}`, options);
  }

  status(options?: CallOptions): Promise<StatusReport> {
    return this.#call("GET", `${GROUP}/status`, options);
  }

  async *state(options?: CallOptions): AsyncGenerator<Buffer> {
    yield* this.#bytes(`${GROUP}/state`, options);
  }

  async upgradeProxy(runtime?: "node" | "bun", options?: CallOptions): Promise<void> {
    const body = { process: "proxy", runtime };
    await this.#call("POST", `${GROUP}/upgrade`, { deadlineMs: UPGRADE_DEADLINE_MS, ...options }, { body });
  }

  async shutdown(request: { instances: boolean; graceMs?: number }, options?: CallOptions): Promise<void> {
    await this.#call("POST", `${GROUP}/shutdown`, options, { body: request });
  }

  session(options?: CallOptions): Promise<{ readonly url: string }> {
    return this.#call("POST", `${GROUP}/session`, options, { repeatable: true });
  }

  async healthy(options?: CallOptions): Promise<void> {
    const request = { method: "GET", path: "/healthz", signal: options?.signal } as const;
    (await this.#transport.stream(request, options?.deadlineMs ?? DEADLINE_MS)).resume();
  }

  async #call<Answer>(
    method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE",
    target: string,
    options: CallOptions | undefined,
    content: CallBody = {},
  ): Promise<Answer> {
    const body = content.raw ?? (content.body === undefined ? undefined : JSON.stringify(content.body));
    const text = await this.#transport.call(
      {
        method,
        path: target,
        signal: options?.signal,
        repeatable: content.repeatable ?? (method !== "POST" && method !== "DELETE"),
        ...(body === undefined ? {} : { body }),
        ...(content.contentType === undefined ? {} : { contentType: content.contentType }),
      },
      options?.deadlineMs ?? DEADLINE_MS,
    );
    return (text === "" ? undefined : parseJson(text)) as Answer;
  }

  /** Raw bytes as they come. */
  async *#bytes(target: string, options: CallOptions | undefined): AsyncGenerator<Buffer> {
    const request = { method: "GET", path: target, signal: options?.signal } as const;
    const response = await this.#transport.stream(request, options?.deadlineMs ?? DEADLINE_MS);
    yield* bytesOf(response, options?.signal);
  }

  async #values(
    method: "GET" | "POST",
    target: string,
    options: CallOptions | undefined,
    body?: unknown,
  ): Promise<AsyncGenerator> {
    const response = await this.#transport.stream(
      {
        method,
        path: target,
        signal: options?.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      options?.deadlineMs ?? DEADLINE_MS,
    );
    return valuesOf(response, options?.signal);
  }
}
