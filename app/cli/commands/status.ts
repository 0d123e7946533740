import type { ProcessStatus, StatusReport } from "@plinth/resource";
import type { Context } from "../command.ts";
import { type Column, columns } from "../terminal/columns.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { bytesText, cpuText } from "../terminal/quantities.ts";

/** Who starts the daemon again when it dies. A daemon of an earlier version does not say. */
export function watcherText({ watcher }: Pick<StatusReport, "watcher">): string {
  if (watcher?.kind === "systemd") return `systemd (${watcher.unit})`;
  if (watcher?.kind === "terminal") return "`plinth up` in a terminal";
  return watcher?.kind === "supervisor" ? "a supervisor, until this machine restarts" : "nobody";
}

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const status = await client.status({ signal });
  if (json) return output.json(status);

  const table: Column<ProcessStatus>[] = [
    { title: "PROCESS", text: ({ name }) => name },
    { title: "PID", text: ({ pid }) => String(pid ?? "-"), right: true },
    { title: "RUNTIME", text: ({ runtime }) => runtime, minor: 2 },
    { title: "MEMORY", text: ({ memoryBytes }) => bytesText(memoryBytes), right: true },
    { title: "CPU", text: ({ cpuSeconds }) => cpuText(cpuSeconds), right: true, minor: 1 },
  ];
  output.result(`Plinth ${status.version} in ${status.home}`);
  output.result(`Mesh: ${status.mesh.mode} mode (${plainLine(status.mesh.reason)})`);
  output.result(`Watched over by: ${watcherText(status)}`);
  if (status.host !== null) {
    const { name, of, others } = status.host;
    output.result(of === null ? `Host: ${name}, the first` : `Host: ${name}, joined to ${of}`);
    for (const other of others) {
      const why = other.reason === null ? "" : ` (${plainLine(other.reason)})`;
      output.result(`      ${other.name} is ${other.state}${why}`);
    }
  }
  if (status.store.etcd !== null) output.result(`Store: ${plainLine(status.store.etcd)}`);
  const { otlp, traceRatio, accessLog } = status.telemetry;
  if (accessLog !== null) output.result(`Access log: ${accessLog}, in ${status.home}/access`);
  if (otlp !== null) output.result(`Traces: ${traceRatio} of new ones, to ${plainLine(otlp)}`);
  output.result("");
  for (const line of columns(status.processes, table, output.stdout)) output.result(line);
  output.result("");
  const listening = columns(
    status.listening,
    [
      { title: "LISTENING", text: ({ name }) => name },
      {
        title: "ADDRESS",
        text: ({ address, port }) => `${address.includes(":") ? `[${address}]` : address}:${port}`,
      },
    ],
    output.stdout,
  );
  for (const line of listening) output.result(line);
  if (status.store.readOnly !== null) {
    output.warn(
      `the store is read-only: ${plainLine(status.store.readOnly)}; apps keep running, nothing can be changed`,
    );
  }
  for (const notice of status.notices) output.warn(plainLine(notice));
}
