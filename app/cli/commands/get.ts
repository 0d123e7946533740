import type { KindName, Resource } from "@plinth/resource";
import type { Context } from "../command.ts";
import { kindNamed } from "../kind-name.ts";
import { resourceColumns } from "../resource-columns.ts";
import { columns } from "../terminal/columns.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, signal, words } = context;
  const kind = kindNamed(context.required("KIND"), words);
  const name = context.text("NAME");
  if (context.is("watch")) return watch(context, kind, name);
  if (name !== undefined) {
    const resource = await client.get(kind, name, { signal });
    return print(context, kind, resource, [resource]);
  }
  const app = context.text("app");
  const labels = app === undefined ? {} : { labels: { "plinth.dev/app": app } };
  const { items, resourceVersion } = await client.list(kind, { signal, ...labels });
  if (items.length === 0 && format(context) === "table") return output.note(`No ${kind.toLowerCase()}s.`);
  const list = { apiVersion: "plinth.dev/v1", kind: `${kind}List`, metadata: { resourceVersion }, items };
  return print(context, kind, list, items);
}

function format(context: Context): string {
  return context.json ? "json" : (context.text("output") ?? "table");
}

async function print(
  context: Context,
  kind: KindName,
  whole: unknown,
  rows: readonly Resource[],
): Promise<void> {
  const { output, clock } = context;
  if (format(context) === "json") return output.json(whole);
  if (format(context) === "yaml") {
    const { toYaml } = await import("../config/yaml-config.ts");
    return output.stdout.write(toYaml(whole));
  }
  const lines = columns(rows, resourceColumns(kind, clock.now()), output.stdout);
  for (const line of lines) output.result(line);
}

/** Every change as it comes: rows on a table, JSON lines, or YAML documents. */
async function watch(context: Context, kind: KindName, name: string | undefined): Promise<void> {
  const { client, output, clock, signal } = context;
  const app = context.text("app");
  const labels = app === undefined ? {} : { labels: { "plinth.dev/app": app } };
  let first = true;
  for await (const event of client.watch(kind, { signal, ...labels })) {
    if (event.type === "SYNCED" || (name !== undefined && event.object.metadata.name !== name)) continue;
    if (format(context) === "json") output.event(event);
    else if (format(context) === "yaml") {
      const { toYaml } = await import("../config/yaml-config.ts");
      output.stdout.write(`---\n${toYaml(event.object)}`);
    } else {
      const [title, row] = columns([event.object], resourceColumns(kind, clock.now()), output.stdout);
      if (first) output.result(title!);
      output.result(event.type === "DELETED" ? `${row}  (deleted)` : row!);
      first = false;
    }
  }
}
