import type { App, Instance, KindName, Resource, StatusReport } from "@plinth/resource";
import type { Context } from "../command.ts";
import { failureLines } from "../failure.ts";
import { kindNamed } from "../kind-name.ts";
import { resourceColumns } from "../resource-columns.ts";
import { columns } from "../terminal/columns.ts";
import { plainText } from "../terminal/plain-text.ts";
import { wrap } from "../terminal/wrap.ts";

/** Said wherever services are explained: what a mode promises and what it cannot. */
const MODES: Readonly<Record<StatusReport["mesh"]["mode"], string>> = {
  transparent:
    "Transparent mode: each instance has a network of its own, and its address is its identity. Files, processes and the user are shared with this machine.",
  cooperative:
    "Cooperative mode: instances share this machine's network. The address a service dials says who calls, which tells well-meaning callers apart; it does not stop a hostile process on this machine.",
};

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const kind = kindNamed(context.required("KIND"), words);
  const resource = await client.get(kind, context.required("NAME"), { signal });
  if (json) return output.json(resource);
  const { toYaml } = await import("../config/yaml-config.ts");
  const { metadata, spec, status } = resource as Resource;
  output.result(`${output.stdout.paint("bold", kind)} ${metadata.name}`);
  section(context, "Metadata", toYaml(metadata));
  section(context, "Spec", toYaml(spec));
  if (status !== undefined) section(context, "Status", toYaml(status));
  if (kind === "App") await describeApp(context, resource as App);
  if (kind === "Instance") await describeInstance(context, resource as Instance);
  if (kind !== "Secret") {
    output.result("");
    const { mesh } = await client.status({ signal });
    for (const line of wrap(MODES[mesh.mode], output.stdout.columns)) output.result(line);
  }
}

function section({ output }: Context, title: string, body: string): void {
  output.result("");
  output.result(output.stdout.paint("bold", title));
  for (const line of plainText(body).trimEnd().split("\n")) output.result(`  ${line}`);
}

async function describeApp(context: Context, app: App): Promise<void> {
  const labels = { "plinth.dev/app": app.metadata.name };
  for (const kind of ["Service", "Instance", "Release"] as const) await list(context, kind, labels);
  const { output } = context;
  const { failure } = app.status ?? {};
  if (failure === undefined) return;
  output.result("");
  for (const line of failureLines(app, failure, output.stdout)) output.result(line);
}

async function list(
  context: Context,
  kind: KindName,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const { client, output, signal, clock } = context;
  const { items } = await client.list(kind, { labels, signal });
  if (items.length === 0) return;
  output.result("");
  output.result(output.stdout.paint("bold", `${kind}s`));
  const table = resourceColumns(kind, clock.now());
  for (const line of columns<Resource>(items, table, output.stdout)) output.result(`  ${line}`);
}

/** The end of what it wrote is the first thing anybody asks for. */
const LOG_LINES = 10;

async function describeInstance(context: Context, instance: Instance): Promise<void> {
  const { client, signal } = context;
  const chunks = await Array.fromAsync(client.log(instance.metadata.name, { tail: LOG_LINES, signal }));
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() !== "") section(context, `Last ${LOG_LINES} lines of output`, text);
}
