import type {
  CallerReport,
  App,
  AppSpec,
  IdentityReport,
  DiagnosticsReport,
  EgressStat,
  ExpiryReport,
  JoinTokenReport,
  Plan,
  PsRow,
  Release,
  Secret,
  SessionRequest,
  StatReport,
  StatusReport,
  StoreAccessReport,
  TapEvent,
  TapFilter,
} from "@plinth/resource";

export type ExecEvent =
  | { readonly stream: "stdout" | "stderr"; readonly data: Uint8Array }
  | { readonly exitCode: number };

/** What a client sends while its session goes on. */
export type SessionInput =
  | { readonly data: Uint8Array }
  | { readonly size: { readonly rows: number; readonly columns: number } };

export interface LogRequest {
  readonly follow: boolean;
  /** Lines before the end to begin with; undefined for everything. */
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
}

export interface AppLogRequest extends LogRequest {
  /** Only this service's instances. */
  readonly service: string | undefined;
  /** Only this one. */
  readonly instance: string | undefined;
  /** Whether `logs.remap` is run: lines it drops are left out, and one that it makes several of comes several times. */
  readonly fields: boolean;
}

export interface JoinTokenRequest {
  readonly address?: string;
  readonly host?: string;
  readonly lifeMs?: number;
}

export interface InstanceLine {
  readonly instance: string;
  readonly line: string;
  /** What the service's `logs.remap` made of it: a JSON object's text, whose integers a number may not hold. */
  readonly fields?: string;
  /** Why that made nothing of it. */
  readonly error?: string;
}

/**
 * What the API does besides reading and writing resources; given in by the daemon, which joins the engines. Faults
 * thrown become Status answers, and for streams only those thrown before the iterable is returned.
 */
export interface ApiActions {
  /** Why the daemon cannot do its work yet; undefined once it can. */
  notReadyReason(): string | undefined;
  plan(app: string, spec: AppSpec, signal: AbortSignal): Promise<Plan>;
  /** `to`: a release's number; undefined for the one active before. */
  rollback(app: string, to: Release["spec"]["number"] | undefined): Promise<App>;
  /** Gives an outside caller its address for a service; in force when this resolves. */
  admitCaller(app: string, service: string, caller: string): Promise<CallerReport>;
  /** Takes it away again. */
  revokeCaller(app: string, service: string, caller: string): Promise<void>;
  /** How this host reaches a store of an app, with its password. */
  storeAccess(app: string, store: string): Promise<StoreAccessReport>;
  setSecretValue(name: string, value: Uint8Array): Promise<Secret>;
  /** Removes the resource and its value. */
  deleteSecret(name: string): Promise<void>;
  /** Opens the door for other hosts, too. */
  createJoinToken(request: JoinTokenRequest): Promise<JoinTokenReport>;
  forgetHost(name: string): Promise<void>;
  /** Resolves once the host has been told; it answers nothing any more then. */
  haltHost(name: string): Promise<void>;
  identity(): Promise<IdentityReport>;
  /** Resolves once a new root signs; with `now`, once the old one is retired as well. */
  rotateRoot(now: boolean): Promise<IdentityReport>;
  /** Resolves once every certificate has been replaced and handed over, on every host. */
  expireCertificates(): Promise<ExpiryReport>;
  logs(instance: string, request: LogRequest): Promise<AsyncIterable<Uint8Array>>;
  /** Of all the app's instances or some, those included that come while it is followed; `tail` is for each. */
  appLogs(app: string, request: AppLogRequest): Promise<AsyncIterable<readonly InstanceLine[]>>;
  exec(instance: string, command: readonly string[], signal: AbortSignal): Promise<AsyncIterable<ExecEvent>>;
  /** Runs a command that has input, or copies files; `input` ends where the client says so. */
  attach(
    instance: string,
    request: SessionRequest,
    input: AsyncIterable<SessionInput>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ExecEvent>>;
  signalInstance(instance: string, signal: NodeJS.Signals): Promise<void>;
  signalProcess(process: "daemon" | "proxy", signal: NodeJS.Signals): Promise<void>;
  /** Of one app or of all. */
  stat(app: string | undefined): Promise<StatReport>;
  egress(app: string | undefined): Promise<readonly EgressStat[]>;
  /** Live requests until the signal. */
  tap(filter: TapFilter, signal: AbortSignal): Promise<AsyncIterable<TapEvent>>;
  diagnostics(): Promise<DiagnosticsReport>;
  ps(app: string | undefined): Promise<readonly PsRow[]>;
  status(): Promise<StatusReport>;
  /** A sealed snapshot of Plinth's own store. */
  state(): AsyncIterable<Uint8Array>;
  /** Resolves after the hand-over. `runtime` undefined: the one it has. */
  upgrade(process: "proxy", runtime: "node" | "bun" | undefined): Promise<{ readonly pid: number }>;
  /** Resolves once stopping has begun, so that the caller can be answered. */
  shutdown(request: { readonly instances: boolean; readonly graceMs: number | undefined }): Promise<void>;
}
