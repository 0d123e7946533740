import type { DefinitionName } from "./schema.ts";

export const GROUP: string = "plinth.dev";
export const API_PATH: string = "/apis/plinth.dev/v1";

/** Who may call: anyone who reaches the port, or only who shows the token or a session. */
type Access = "anyone" | "credential";

export interface RouteBody {
  readonly contentType: "application/json" | "application/merge-patch+json" | "application/octet-stream";
  /** The definition a JSON body must match; none for a body described in words only. */
  readonly definition?: DefinitionName;
  readonly description: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` and `{store}` stand for one path segment each; `{plural}` for a kind's plural. */
  readonly path: string;
  readonly access: Access;
  /** For `{plural}` routes: only kinds that users may write. */
  readonly writableOnly?: boolean;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: RouteBody;
  readonly responseType?: string;
}

export type RouteName =
  | "health"
  | "login"
  | "readiness"
  | "version"
  | "openApi"
  | "coreVersions"
  | "groups"
  | "group"
  | "kinds"
  | "stat"
  | "egress"
  | "tap"
  | "diagnostics"
  | "ps"
  | "status"
  | "state"
  | "watch"
  | "upgrade"
  | "shutdown"
  | "session"
  | "signalProcess"
  | "plan"
  | "rollback"
  | "storeAccess"
  | "caller"
  | "joinToken"
  | "forgetHost"
  | "identity"
  | "rotateRoot"
  | "expireCertificates"
  | "haltHost"
  | "appLog"
  | "setSecretValue"
  | "deleteSecret"
  | "log"
  | "exec"
  | "attach"
  | "signalInstance"
  | "list"
  | "create"
  | "get"
  | "replace"
  | "patch"
  | "delete";

/** What a client asks a connection to become, so that both sides can talk at once. */
export const SESSION_PROTOCOL = "plinth-session";

const one = `${API_PATH}/{plural}/{name}`;
const dryRun = { dryRun: "`All`: check only, change nothing." };
const resourceBody: RouteBody = { contentType: "application/json", description: "The resource." };
const app = { app: "Only this app." };
const labelSelector = "`name=value`, several joined by commas.";
const follow = "`true`: stay and send what comes.";
/** Of every watch. */
const watchQuery = {
  resourceVersion: "With watch: go on behind this version. Default: ADDED for all that is, then changes.",
  allowWatchBookmarks: "`true`: BOOKMARK events name the version reached.",
  timeoutSeconds: "With watch: end after this long.",
};

/** Every route of the API. The server dispatches by this table and the OpenAPI document is made from it. */
export const routes: Readonly<Record<RouteName, Route>> = {
  health: { method: "GET", path: "/healthz", access: "anyone", summary: "Whether the daemon answers." },
  login: {
    method: "GET",
    path: "/login",
    access: "anyone",
    summary: "Exchanges a one-time token for the dashboard's session cookie.",
    query: { token: "From `POST /session`." },
    responseType: "text/html",
  },
  readiness: {
    method: "GET",
    path: "/readyz",
    access: "credential",
    summary: "Whether the daemon can do its work.",
  },
  version: { method: "GET", path: "/version", access: "credential", summary: "The daemon's version." },
  openApi: { method: "GET", path: "/openapi/v3", access: "credential", summary: "This document." },
  coreVersions: { method: "GET", path: "/api", access: "credential", summary: "Discovery: no core group." },
  groups: { method: "GET", path: "/apis", access: "credential", summary: "Discovery: API groups." },
  group: { method: "GET", path: `/apis/${GROUP}`, access: "credential", summary: "Discovery: versions." },
  kinds: { method: "GET", path: API_PATH, access: "credential", summary: "Discovery: kinds." },
  stat: {
    method: "GET",
    path: `${API_PATH}/stat`,
    access: "credential",
    summary: "Success rates, requests per second and latencies by service, by edge and by route.",
    query: app,
  },
  egress: {
    method: "GET",
    path: `${API_PATH}/egress`,
    access: "credential",
    summary: "What services exchanged with destinations beyond the mesh, by host name (transparent mode).",
    query: app,
  },
  tap: {
    method: "GET",
    path: `${API_PATH}/tap`,
    access: "credential",
    summary: "Live requests as newline-delimited JSON, until the client leaves; never headers or bodies.",
    query: {
      app: "Only requests from or to this app.",
      from: 'Only of this calling service; "ingress" for what comes from outside.',
      to: "Only to this service.",
      method: "Only with this method.",
      path: "Only paths that begin so.",
      status: "Only answered so: `503`, or a class such as `5xx`.",
      maxRps: "Requests per second shown at most. Default: 100.",
      query: "`true`: paths with their query strings, which may carry secrets.",
    },
    responseType: "application/x-ndjson",
  },
  diagnostics: {
    method: "GET",
    path: `${API_PATH}/diagnostics`,
    access: "credential",
    summary: "What the proxy has in force: endpoints with their state, the snapshot, its metrics.",
  },
  ps: {
    method: "GET",
    path: `${API_PATH}/ps`,
    access: "credential",
    summary: "Instances with their processes.",
    query: app,
  },
  status: {
    method: "GET",
    path: `${API_PATH}/status`,
    access: "credential",
    summary: "Plinth's own processes and what they listen on.",
  },
  state: {
    method: "GET",
    path: `${API_PATH}/state`,
    access: "credential",
    summary: "All that Plinth keeps of its own as of one moment, for a backup; secrets in it are encrypted.",
    responseType: "application/octet-stream",
  },
  watch: {
    method: "GET",
    path: `${API_PATH}/watch`,
    access: "credential",
    summary: "Watches resources of every kind as newline-delimited JSON.",
    query: { watch: "`true`.", labelSelector, ...watchQuery },
  },
  upgrade: {
    method: "POST",
    path: `${API_PATH}/upgrade`,
    access: "credential",
    summary: "Replaces the proxy; answers after the hand-over.",
    body: {
      contentType: "application/json",
      definition: "UpgradeRequest",
      description: '{process: "proxy", runtime?: "node" | "bun"}',
    },
  },
  shutdown: {
    method: "POST",
    path: `${API_PATH}/shutdown`,
    access: "credential",
    summary: "Stops proxy and daemon, and instances first if asked.",
    body: {
      contentType: "application/json",
      definition: "ShutdownRequest",
      description: "{instances: boolean, graceMs?: number}",
    },
  },
  session: {
    method: "POST",
    path: `${API_PATH}/session`,
    access: "credential",
    summary: "Makes a one-time URL that opens the dashboard.",
  },
  signalProcess: {
    method: "POST",
    path: `${API_PATH}/processes/{name}/signal`,
    access: "credential",
    summary: "Sends a signal to one of Plinth's own processes.",
    body: {
      contentType: "application/json",
      definition: "SignalRequest",
      description: '{signal: "SIGKILL"}',
    },
  },
  plan: {
    method: "POST",
    path: `${API_PATH}/apps/{name}/plan`,
    access: "credential",
    summary: "What applying this spec would do.",
    body: { contentType: "application/json", definition: "AppSpec", description: "The spec to compare." },
  },
  rollback: {
    method: "POST",
    path: `${API_PATH}/apps/{name}/rollback`,
    access: "credential",
    summary: "Returns an app to an older release.",
    body: {
      contentType: "application/json",
      definition: "RollbackRequest",
      description: "{to?: number}: default, the last that was active.",
    },
  },
  caller: {
    method: "POST",
    path: `${API_PATH}/apps/{name}/callers`,
    access: "credential",
    summary: "Gives a program outside of the mesh an address of its own for a service, or takes it away.",
    body: {
      contentType: "application/json",
      definition: "CallerRequest",
      description: "{service, caller, revoke?: true}",
    },
  },
  storeAccess: {
    method: "POST",
    path: `${API_PATH}/apps/{name}/stores/{store}/access`,
    access: "credential",
    summary: "The URL of an app's store for this host, its password included.",
  },
  joinToken: {
    method: "POST",
    path: `${API_PATH}/jointokens`,
    access: "credential",
    summary: "Makes a one-time token with which another machine joins as a host; opens the door for it.",
    body: {
      contentType: "application/json",
      definition: "JoinTokenRequest",
      description: "{address?: string, host?: string, lifeMs?: number}",
    },
  },
  identity: {
    method: "GET",
    path: `${API_PATH}/identity`,
    access: "credential",
    summary: "The trust domain and its root certificates.",
  },
  rotateRoot: {
    method: "POST",
    path: `${API_PATH}/identity/rotate`,
    access: "credential",
    summary: "Puts a new root certificate in the place of the one that signs; answers once it does.",
    body: {
      contentType: "application/json",
      definition: "RotateRequest",
      description: "{now?: boolean}: retire the old one at once.",
    },
  },
  expireCertificates: {
    method: "POST",
    path: `${API_PATH}/identity/expire`,
    access: "credential",
    summary:
      "Takes every certificate of workloads and hosts for expired; answers once all have been replaced, on every host that answers.",
  },
  haltHost: {
    method: "POST",
    path: `${API_PATH}/hosts/{name}/halt`,
    access: "credential",
    summary:
      "Ends all that Plinth runs on a joined host, itself included, by SIGKILL and at once, as a power cut would.",
  },
  forgetHost: {
    method: "DELETE",
    path: `${API_PATH}/hosts/{name}`,
    access: "credential",
    summary: "Lets a joined host go: its credential ends at once, its instances are replaced elsewhere.",
  },
  appLog: {
    method: "GET",
    path: `${API_PATH}/apps/{name}/log`,
    access: "credential",
    summary: "What an app's instances wrote; lines of {instance, line}, longer ones cut.",
    query: {
      service: "Only instances of this service.",
      instance: "Only this instance.",
      fields:
        "`true`: with {fields}, what the service's `logs.remap` makes of the line, or {error}; lines it drops are left out.",
      follow: `${follow} Instances that come later are included.`,
      tail: "Begin this many lines before the end of each instance.",
    },
    responseType: "application/x-ndjson",
  },
  setSecretValue: {
    method: "PUT",
    path: `${API_PATH}/secrets/{name}/value`,
    access: "credential",
    summary: "Sets a secret's value, which no route gives back.",
    body: { contentType: "application/octet-stream", description: "The value itself, at most 1 MiB." },
  },
  deleteSecret: {
    method: "DELETE",
    path: `${API_PATH}/secrets/{name}`,
    access: "credential",
    summary: "Deletes a secret and its value; instances that have it keep it until they end.",
  },
  log: {
    method: "GET",
    path: `${API_PATH}/instances/{name}/log`,
    access: "credential",
    summary: "What an instance wrote.",
    query: { follow, tail: "Begin this many lines before the end." },
    responseType: "text/plain",
  },
  exec: {
    method: "POST",
    path: `${API_PATH}/instances/{name}/exec`,
    access: "credential",
    summary: "Runs a command beside an instance; lines of {stream, data} and at last {exitCode}.",
    body: { contentType: "application/json", definition: "ExecRequest", description: "{command: [...]}" },
    responseType: "application/x-ndjson",
  },
  attach: {
    method: "GET",
    path: `${API_PATH}/instances/{name}/exec`,
    access: "credential",
    summary:
      "Runs a command with input and a terminal, or copies files: asks the connection to become plinth-session.",
    responseType: "application/x-ndjson",
  },
  signalInstance: {
    method: "POST",
    path: `${API_PATH}/instances/{name}/signal`,
    access: "credential",
    summary: "Sends a signal to an instance's main process.",
    body: {
      contentType: "application/json",
      definition: "SignalRequest",
      description: '{signal: "SIGKILL"}',
    },
  },
  list: {
    method: "GET",
    path: `${API_PATH}/{plural}`,
    access: "credential",
    summary: "Lists resources, or watches them as newline-delimited JSON.",
    query: {
      labelSelector,
      watch: "`true`: events instead of a list.",
      ...watchQuery,
    },
  },
  create: {
    method: "POST",
    path: `${API_PATH}/{plural}`,
    access: "credential",
    writableOnly: true,
    summary: "Creates a resource.",
    query: dryRun,
    body: resourceBody,
  },
  get: { method: "GET", path: one, access: "credential", summary: "Reads one resource." },
  replace: {
    method: "PUT",
    path: one,
    access: "credential",
    writableOnly: true,
    summary: "Creates or replaces a resource; with a resourceVersion, replaces that version only.",
    query: dryRun,
    body: resourceBody,
  },
  patch: {
    method: "PATCH",
    path: one,
    access: "credential",
    writableOnly: true,
    summary: "Changes a resource by JSON merge patch (RFC 7396).",
    query: dryRun,
    body: { contentType: "application/merge-patch+json", description: "The difference; null removes." },
  },
  delete: {
    method: "DELETE",
    path: one,
    access: "credential",
    writableOnly: true,
    summary: "Deletes a resource; an App with all that belongs to it.",
    query: dryRun,
  },
};
