import { readFileSync } from "node:fs";
import type { PsRow, StatusReport } from "@plinth/resource";
import { watcherText } from "../commands/status.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { type Check, type Page, bad, good, weak } from "./check.ts";

const RESTART: Page = "docs/how-to/deploy.md#after-a-restart-of-the-machine";

/** What the running Plinth says about itself. */
export function runningChecks(status: StatusReport, rows: readonly PsRow[]): Check[] {
  // What the daemon noticed, such as an instance that can be reached past the mesh.
  const noticed = status.notices.map((notice) =>
    weak("notice", plainLine(notice), "`plinth status` shows it, too."),
  );
  return [
    version(status),
    watch(status),
    ...listening(status),
    store(status),
    ...hosts(status),
    ...instances(rows),
    ...noticed,
  ];
}

function version({ version: running }: StatusReport): Check {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const own = (JSON.parse(manifest) as { version: string }).version;
  if (running === own) return good("daemon", `running, version ${running}`);
  return weak(
    "daemon",
    `version ${running} is running, and this command is ${own}`,
    "`plinth upgrade` runs this version, without a failed request.",
  );
}

function watch(status: StatusReport): Check {
  const by = `a daemon that dies is started again by ${watcherText(status)}`;
  if (status.watcher?.kind === "systemd") return good("watch", by);
  if (status.watcher?.kind === "terminal") return good("watch", by);
  if (status.watcher?.kind === "supervisor")
    return weak("watch", by, "`plinth install` has it come back after this machine restarts.", RESTART);
  return weak("watch", by, "`plinth up --detach`, or `plinth install`, watches over it.", RESTART);
}

function listening({ listening: listeners }: StatusReport): Check[] {
  return listeners.map(({ name, address, port }) =>
    address.startsWith("127.") || address === "::1"
      ? good(`listening`, `${name} on ${address}:${port}, this machine only`)
      : weak(
          `listening`,
          `${name} on ${address}:${port}, beyond this machine`,
          "Whoever reaches this machine reaches it; a firewall or --ingress-address 127.0.0.1 keeps it here.",
          "docs/explanation/modes.md#who-else-is-on-the-machine",
        ),
  );
}

function store({ store: { readOnly, revision, etcd } }: StatusReport): Check {
  if (readOnly !== null)
    return bad(
      "store",
      `read-only: ${plainLine(readOnly)}`,
      etcd === null
        ? "Apps keep running; once there is room on the disk, changes are taken again."
        : `Apps keep running; once ${plainLine(etcd)} answers, changes are taken again.`,
    );
  return good("store", `writable, at revision ${revision}`);
}

function hosts({ host }: StatusReport): Check[] {
  return (host?.others ?? []).map(({ name, state, reason }) =>
    state === "Ready"
      ? good("hosts", `${name} is ready`)
      : weak(
          "hosts",
          `${name} is ${state}${reason === null ? "" : `: ${plainLine(reason)}`}`,
          "`plinth join` there brings it back; `plinth delete host` forgets it.",
          "docs/how-to/second-host.md#when-a-machine-goes-without-a-word",
        ),
  );
}

function instances(rows: readonly PsRow[]): Check[] {
  const checks: Check[] = [];
  for (const { instance, notices, ready, state, reason } of rows) {
    const name = plainLine(instance);
    for (const notice of notices ?? [])
      checks.push(
        weak("instances", `${name}: ${plainLine(notice)}`, `\`plinth describe instance ${name}\` says more.`),
      );
    if (!ready && (state === "Failed" || state === "Backoff")) {
      checks.push(
        weak(
          "instances",
          `${name} is ${state}: ${plainLine(reason ?? "")}`,
          `\`plinth logs ${name}\` shows why.`,
        ),
      );
    }
  }
  if (checks.length === 0)
    checks.push(good("instances", rows.length === 0 ? "none yet" : `${rows.length}, none failing`));
  return checks;
}
