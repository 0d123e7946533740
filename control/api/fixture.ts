import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { createRegistry, type Registry } from "@plinth/registry";
import { openStore, type Store } from "@plinth/store";
import type { ApiActions, ExecEvent, InstanceLine, SessionInput } from "./actions.ts";
import { type Api, createApi } from "./api.ts";

export const TOKEN: string = "t".repeat(43);

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, not relied on
  readonly json: any;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Send no token. */
  readonly anonymous?: boolean;
  readonly overSocket?: boolean;
}

/** An API over a real store on real sockets; time stands still unless the test moves it. */
export class Fixture implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), "plinth-api-"));
  readonly clock: VirtualClock = new VirtualClock();
  readonly logged: string[] = [];
  readonly deeds: unknown[] = [];
  store!: Store;
  registry!: Registry;
  api!: Api;
  readonly #actions: Partial<ApiActions>;

  constructor(actions: Partial<ApiActions> = {}) {
    this.#actions = actions;
  }

  static async start(
    options: { actions?: Partial<ApiActions>; historyRevisions?: number; dashboard?: boolean } = {},
  ): Promise<Fixture> {
    const fixture = new Fixture(options.actions);
    const { historyRevisions } = options;
    fixture.store = await openStore(join(fixture.directory, "state"), {
      ...(historyRevisions && { historyRevisions }),
    });
    fixture.registry = createRegistry({ store: fixture.store, clock: fixture.clock });
    await fixture.listen(options.dashboard === true);
    return fixture;
  }

  async listen(dashboard = false): Promise<void> {
    this.api = await createApi({
      registry: this.registry,
      actions: { ...recordingActions(this.deeds), ...this.#actions },
      socketPath: join(this.directory, "plinth.sock"),
      tcp: { address: "127.0.0.1", port: 0 },
      token: TOKEN,
      dashboardDirectory: dashboard ? join(this.directory, "dashboard") : undefined,
      log: createLog({ write: (line) => this.logged.push(line) }),
      clock: this.clock,
      version: "0.1.0",
    });
  }

  /** Sends a request and gives back the answer while its body is still coming. */
  async open(path: string, call: Call = {}): Promise<IncomingMessage> {
    const { port } = new URL(this.api.url!);
    const target = call.overSocket
      ? { socketPath: join(this.directory, "plinth.sock") }
      : { host: "127.0.0.1", port };
    const headers: Record<string, string> = {
      ...(call.anonymous !== true && !call.overSocket && { Authorization: `Bearer ${TOKEN}` }),
      ...(call.body !== undefined && {
        "Content-Type": "application/json",
        "Content-Length": String(Buffer.byteLength(call.body)),
      }),
      ...call.headers,
    };
    return new Promise((resolve, reject) => {
      const sent = request({ ...target, path, method: call.method ?? "GET", headers, agent: false }, resolve);
      sent.on("error", reject);
      sent.end(call.body);
    });
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    const response = await this.open(path, call);
    response.setEncoding("utf8");
    let text = "";
    for await (const chunk of response) text += chunk as string;
    const isJson = text !== "" && response.headers["content-type"]?.startsWith("application/json") === true;
    return {
      code: response.statusCode!,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  async send(
    method: string,
    path: string,
    value: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.call(path, { method, body: JSON.stringify(value), headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true });
  }
}

async function* someOutput(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one\n");
  yield Buffer.from([0xff, 0x0a]);
}

async function* someLines(): AsyncGenerator<readonly InstanceLine[]> {
  yield [
    { instance: "shop.web.x1", line: "one" },
    { instance: "shop.web.x2", line: "\u0000" },
  ];
}

async function* noEvents(): AsyncGenerator<never> {}

async function* echoed(input: AsyncIterable<SessionInput>): AsyncGenerator<ExecEvent> {
  for await (const each of input) {
    const text = "data" in each ? each.data : Buffer.from(`${each.size.columns}x${each.size.rows}`);
    yield { stream: "stdout", data: text };
  }
  yield { exitCode: 4 };
}

async function* someEvents(): AsyncGenerator<ExecEvent> {
  yield { stream: "stdout", data: Buffer.from("hi") };
  yield { exitCode: 3 };
}

/** Actions that do nothing but note what they were asked. */
function recordingActions(deeds: unknown[]): ApiActions {
  const app = {
    apiVersion: "plinth.dev/v1",
    kind: "App",
    metadata: { name: "shop" },
    spec: { services: {} },
  } as const;
  return {
    notReadyReason: () => undefined,
    plan: async (name, spec) => {
      deeds.push(["plan", name, spec]);
      return { changes: [], ingress: [], secrets: [], notes: [], unchanged: true };
    },
    rollback: async (name, to) => {
      deeds.push(["rollback", name, to]);
      return app;
    },
    admitCaller: async (name, service, caller) => {
      deeds.push(["admitCaller", name, service, caller]);
      return { address: "127.64.0.1", port: 19_000 };
    },
    revokeCaller: async (name, service, caller) => {
      deeds.push(["revokeCaller", name, service, caller]);
    },
    storeAccess: async (name, store) => {
      deeds.push(["storeAccess", name, store]);
      return { url: "etcd://root:word@127.0.0.1:1" };
    },
    deleteSecret: async (name) => {
      deeds.push(["deleteSecret", name]);
    },
    setSecretValue: async (name, value) => {
      deeds.push(["setSecretValue", name, Buffer.from(value).toString()]);
      return {
        apiVersion: "plinth.dev/v1",
        kind: "Secret",
        metadata: { name },
        spec: {},
        status: { version: 1 },
      };
    },
    createJoinToken: async (wanted) => {
      deeds.push(["createJoinToken", wanted]);
      return { token: "plinth-join-x", address: "192.0.2.1:7082", expiresAt: "2026-01-01T00:30:00.000Z" };
    },
    identity: async () => ({ trustDomain: "test", roots: [] }),
    rotateRoot: async (now) => {
      deeds.push(["rotateRoot", now]);
      return { trustDomain: "test", roots: [] };
    },
    expireCertificates: async () => {
      deeds.push(["expireCertificates"]);
      return { hosts: [{ name: "alpha", certificates: 2 }] };
    },
    haltHost: async (name) => {
      deeds.push(["haltHost", name]);
    },
    forgetHost: async (name) => {
      deeds.push(["forgetHost", name]);
    },
    logs: async function logs(instance, { follow, tail }) {
      deeds.push(["logs", instance, follow, tail]);
      return someOutput();
    },
    appLogs: async (name, { service, instance, fields, follow, tail }) => {
      deeds.push(["appLogs", name, service, instance, fields, follow, tail]);
      return someLines();
    },
    exec: async (instance, command) => {
      deeds.push(["exec", instance, command]);
      return someEvents();
    },
    attach: async (instance, asked, input) => {
      deeds.push(["attach", instance, asked]);
      return echoed(input);
    },
    signalInstance: async (instance, signal) => void deeds.push(["signalInstance", instance, signal]),
    signalProcess: async (name, signal) => void deeds.push(["signalProcess", name, signal]),
    stat: async (name) => {
      deeds.push(["stat", name]);
      return { windowSeconds: 10, services: [], edges: [], routes: [] };
    },
    egress: async () => [],
    tap: async (filter) => {
      deeds.push(["tap", filter]);
      return noEvents();
    },
    diagnostics: async () => ({ endpoints: [], snapshot: {}, metrics: "" }),
    ps: async () => [],
    status: async () => ({
      version: "0.1.0",
      home: "/home",
      processes: [],
      listening: [],
      watcher: null,
      host: null,
      mesh: { mode: "cooperative", reason: "it was asked for" },
      telemetry: { otlp: null, traceRatio: null, accessLog: null },
      store: { revision: 1, readOnly: null, etcd: null },
      notices: [],
    }),
    state: someOutput,
    upgrade: async (name, runtime) => {
      deeds.push(["upgrade", name, runtime]);
      return { pid: 1 };
    },
    shutdown: async (asked) => void deeds.push(["shutdown", asked]),
  };
}
