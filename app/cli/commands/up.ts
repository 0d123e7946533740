import { randomUUID } from "node:crypto";
import { Fault } from "@plinth/fault";
import { DEPLOY_ANNOTATION, type KindTypes, type StatusReport } from "@plinth/resource";
import type { Draft } from "@plinth/client";
import type { Context } from "../command.ts";
import { EXIT_UNHEALTHY, Interruption, exitCodeOf } from "../exit-code.ts";
import { failureLines } from "../failure.ts";
import { askForMissingSecrets } from "../missing-secrets.ts";
import { showChanges, showProgress } from "../progress.ts";
import { type Project, loadProject } from "../project.ts";
import { errorLines } from "../report.ts";
import { type Outcome, followRollout } from "../rollout.ts";
import { readMesh, readRuntime, readTelemetry } from "../runtime.ts";
import { type Supervision, startDaemon } from "../supervision.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { shownPath } from "../terminal/shown-path.ts";
import { withTimeout } from "../timeout.ts";
import { urlsOf } from "../urls.ts";

/** Longer than a cluster takes to elect a leader, or a supervisor to start a daemon that died. */
const PATIENCE_MS = 15_000;
const RETRY_MS = 250;

export async function run(context: Context): Promise<number> {
  const { output, client, home, clock, signal } = context;
  const project = await loadProject(context, true);
  for (const note of project.notes) say(context, note);

  const ingressPort = context.number("ingress-port");
  const ingressAddress = context.text("ingress-address");
  const apiPort = context.number("api-port");
  const proxyRuntime = readRuntime(context, "proxy-runtime");
  const mesh = readMesh(context);
  const store = context.text("store");
  const supervision = await startDaemon(
    {
      home,
      clock,
      signal,
      ...(ingressPort === undefined ? {} : { ingressPort }),
      ...(ingressAddress === undefined ? {} : { ingressAddress }),
      ...(apiPort === undefined ? {} : { apiPort }),
      ...(proxyRuntime === undefined ? {} : { proxyRuntime }),
      ...(mesh === undefined ? {} : { mesh }),
      ...(store === undefined ? {} : { store }),
      telemetry: readTelemetry(context),
    },
    !context.is("detach"),
  );
  const owned = supervision.started && !context.is("detach");
  try {
    const status = await client.status({ signal });
    if (!supervision.started) {
      checkListening(context, status);
      checkSettings(context, status);
    }
    checkMesh(mesh, status);
    await askForMissingSecrets(context, project);
    const { code, serves } = await attempt(context, project, owned);
    // Nothing serves after a failed first release: there is nothing to watch over.
    if (!owned || !serves) return code;
    output.note(
      `\nWatching over ${project.name}. Ctrl-C stops it and Plinth; with --detach it would go on in the background.`,
    );
    await watchOver(context, project.name, supervision);
    return code;
  } finally {
    if (owned) await stopAll(context, supervision);
  }
}

interface Attempt {
  readonly code: number;
  /** Whether some release of the app serves, be it an earlier one. */
  readonly serves: boolean;
}

async function attempt(context: Context, project: Project, owned: boolean): Promise<Attempt> {
  const { client, output, signal } = context;
  try {
    const outcome = await deploy(context, project, owned);
    const code = await conclude(context, outcome);
    return { code, serves: outcome.kind !== "gone" && outcome.app.status?.activeRelease !== undefined };
  } catch (error) {
    if (!owned || !(error instanceof Fault) || error.code !== "timeout") throw error;
    const app = await client.get("App", project.name, { signal });
    if (app.status?.activeRelease === undefined) throw error;
    // An earlier release serves: being late is no reason to stop it.
    for (const line of await errorLines(error, output.stderr)) output.error(line);
    return { code: exitCodeOf(error), serves: true };
  }
}

function say(context: Context, message: string): void {
  if (context.json) context.output.event({ type: "note", message });
  else context.output.warn(message);
}

/** A home keeps the mode of its first start. */
function checkMesh(asked: StatusReport["mesh"]["mode"] | undefined, { mesh }: StatusReport): void {
  if (asked === undefined || asked === mesh.mode) return;
  throw new Fault("conflict", `Cannot use --mesh ${asked}: this home is in ${mesh.mode} mode`, {
    hint: "A home keeps its mode; choose another home with --home.",
  });
}

/** Where the state is, and what is told to the outside, is chosen when Plinth starts, too. */
function checkSettings(context: Context, { store, telemetry }: StatusReport): void {
  const asked = [
    ["store", store.etcd ?? undefined],
    ["otlp", telemetry.otlp ?? "off"],
    ["access-log", telemetry.accessLog ?? "off"],
    ["trace-ratio", telemetry.traceRatio === null ? undefined : String(telemetry.traceRatio)],
  ] as const;
  for (const [flag, now] of asked) {
    const value = context.text(flag);
    if (value === undefined || value === now) continue;
    throw new Fault("conflict", `Cannot use --${flag} ${value}: Plinth is running with ${now ?? "none"}`, {
      hint: "`plinth down --all` first, then `plinth up` with the new one.",
    });
  }
}

/** Ports are chosen when Plinth starts: what is asked for must be what is there. */
function checkListening(context: Context, status: StatusReport): void {
  const asked: readonly (readonly [flag: string, name: string, part: "port" | "address"])[] = [
    ["ingress-port", "ingress", "port"],
    ["ingress-address", "ingress", "address"],
    ["api-port", "api", "port"],
  ];
  for (const [flag, name, part] of asked) {
    const value = context.text(flag);
    const listening = status.listening.find((candidate) => candidate.name === name);
    if (value === undefined || listening === undefined || String(listening[part]) === value) continue;
    throw new Fault(
      "conflict",
      `Cannot use --${flag} ${value}: Plinth is running with ${String(listening[part])}`,
      {
        hint: "`plinth down --all` first, then `plinth up` with the new one.",
      },
    );
  }
}

async function deploy(context: Context, project: Project, owned: boolean): Promise<Outcome> {
  const { client, output } = context;
  using deadline = withTimeout(context, "5m", `${project.name} did not become healthy`);
  output.note(`Deploying ${project.name} from ${shownPath(project.file)}`);
  // Asking again for what failed, without any change, is asking for another try.
  const annotations = { [DEPLOY_ANNOTATION]: randomUUID() };
  const app = await applyPatiently(
    context,
    { metadata: { name: project.name, annotations }, spec: project.spec },
    deadline.signal,
  );
  try {
    using progress = showProgress(context);
    return await followRollout({
      client,
      app: project.name,
      generation: app.metadata.generation ?? 0,
      deploy: annotations[DEPLOY_ANNOTATION],
      signal: deadline.signal,
      onChange: (view) => progress.update(view),
    });
  } catch (error) {
    if (error instanceof Interruption && !owned)
      output.note("The deployment goes on; `plinth ps` shows how far it is.");
    throw error;
  }
}

/**
 * Asks again while the store takes no writes for the moment, or cannot tell whether it took this one: a cluster elects
 * another leader. The same deploy asked for twice is one.
 */
async function applyPatiently(
  { client, clock, output }: Context,
  draft: Draft<"App">,
  signal: AbortSignal,
): Promise<KindTypes["App"]> {
  const deadlineMs = clock.monotonic() + PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    try {
      return await client.apply("App", draft, { signal });
    } catch (error) {
      const isPassing = error instanceof Fault && error.code === "unavailable";
      if (!isPassing || clock.monotonic() >= deadlineMs) throw error;
      if (tries === 1) output.note(`Trying again: ${plainLine(error.message)}`);
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Says how it went; the exit code. */
async function conclude(context: Context, outcome: Outcome): Promise<number> {
  const { output, client, signal, json } = context;
  if (outcome.kind === "gone") throw new Fault("conflict", "The app was deleted while it was being deployed");
  const { app } = outcome;
  const name = app.metadata.name;
  if (outcome.kind === "overtaken") {
    const fault = new Fault("conflict", `Another deploy of ${name} took the place of this one`, {
      hint: "`plinth ps` shows how far it is; `plinth up` again deploys yours.",
    });
    for (const line of await errorLines(fault, output.stderr)) output.error(line);
    return exitCodeOf(fault);
  }
  if (outcome.kind === "failed") {
    if (json) {
      const { failedRelease, activeRelease: serving } = app.status ?? {};
      output.event({
        type: "result",
        ok: false,
        app: name,
        release: failedRelease ?? null,
        activeRelease: serving ?? null,
        failure: outcome.failure ?? { message: app.status?.message ?? "" },
      });
    }
    for (const line of failureLines(app, outcome.failure, output.stderr)) output.error(line);
    if (!json && outcome.failure?.reason !== "Refused")
      output.error(
        `  \`plinth logs ${name}/${plainLine(outcome.failure?.service ?? "SERVICE")}\` shows more.`,
      );
    return EXIT_UNHEALTHY;
  }
  const [status, { url: dashboard }] = await Promise.all([
    client.status({ signal }),
    client.session({ signal }),
  ]);
  const urls = urlsOf(app, status);
  const release = app.status?.activeRelease ?? null;
  if (json) output.event({ type: "result", ok: true, app: name, release, urls, dashboard });
  else {
    output.note(`${output.stderr.paint("green", "√")} release ${release ?? "?"} of ${name} is healthy`);
    for (const line of urlTable(urls, dashboard, context)) output.result(line);
    output.note("The dashboard's address works once, for a minute; `plinth open` gives more.");
  }
  return 0;
}

function urlTable(
  urls: readonly { service: string; url: string }[],
  dashboard: string,
  { output }: Context,
): string[] {
  const rows = [...urls, { service: "dashboard", url: dashboard }];
  // An address that is cut is of no use: this table keeps its width.
  const widest = Math.max(...rows.map(({ service }) => service.length));
  return rows.map(({ service, url }) => `${service.padEnd(widest)}  ${output.stdout.paint("cyan", url)}`);
}

/** Tells of changes until the user has enough, or Plinth cannot be kept running. */
async function watchOver(context: Context, app: string, supervision: Supervision): Promise<void> {
  const progress = showChanges(context);
  const { client, signal } = context;
  const over = new AbortController();
  const watching = followRollout({
    client,
    app,
    generation: undefined,
    signal: AbortSignal.any([signal, over.signal]),
    onChange: (view) => progress.update(view),
  });
  try {
    await Promise.race([watching, supervision.ended]);
  } finally {
    // It would ask for a daemon that is gone, and keep this process waiting.
    over.abort();
    await watching.catch(() => undefined);
  }
}

/** Gracefully on the first Ctrl-C, at once on the second. */
async function stopAll(context: Context, supervision: Supervision): Promise<void> {
  const { client, output, atOnce } = context;
  output.note("\nStopping gracefully; Ctrl-C again stops at once.");
  const onSecond = (): void => {
    output.note("Stopping at once.");
    void client.shutdown({ instances: true, graceMs: 0 }).catch(() => {});
  };
  atOnce.addEventListener("abort", onSecond, { once: true });
  try {
    await client.shutdown({ instances: true }, { deadlineMs: SHUTDOWN_DEADLINE_MS });
  } catch (error) {
    // A daemon that ends closes its connections, this one among them.
    if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
  } finally {
    await supervision.release();
    output.note("Plinth is stopped");
    atOnce.removeEventListener("abort", onSecond);
  }
}

/** Longer than any sensible grace time; the second Ctrl-C is the way out before. */
const SHUTDOWN_DEADLINE_MS = 600_000;
