/** Ending processes by SIGKILL: the daemon, the proxy, an instance. */
import type { Instance } from "@plinth/resource";
import { type ReactNode, useState } from "react";
import { ApiFault, request } from "../api/request.ts";
import { delay } from "../api/wait.ts";
import { shortInstance } from "../format.ts";
import { Deed } from "../parts/deed.tsx";
import { note, noteOnce, seconds } from "./diary.tsx";
import { addUnseen, failuresOfLoad } from "./failed-requests.tsx";

const POLL_MS = 100;
/** What was refused while there was no proxy has been written down by then. */
const AFTERMATH_MS = 2000;
const PROXY_MS = 20_000;

const signal = (path: string): Promise<unknown> =>
  request(`${path}/signal`, { method: "POST", body: { signal: "SIGKILL" } });

async function killDaemon(): Promise<void> {
  try {
    await signal("/processes/daemon");
  } catch (thrown) {
    // It died before it could answer: as asked.
    if (!(thrown instanceof ApiFault && thrown.code === 0)) throw thrown;
  }
  note("killed the daemon");
}

/** Resolves once a proxy answers what it has in force; the one that was killed answers nothing. */
async function proxyAnswers(patience: AbortSignal): Promise<void> {
  while (!patience.aborted) {
    try {
      await request("/diagnostics", { signal: patience });
      return;
    } catch {
      await delay(POLL_MS, patience);
    }
  }
  throw new Error(`No proxy answers ${PROXY_MS / 1000} s after it was killed.`);
}

async function killProxy(): Promise<void> {
  const before = await failuresOfLoad();
  const sinceMs = Date.now();
  await signal("/processes/proxy");
  note("killed the proxy");
  const patience = AbortSignal.timeout(PROXY_MS);
  await proxyAnswers(patience);
  note(`another proxy serves after ${seconds(sinceMs)}`);
  await delay(AFTERMATH_MS, patience);
  const lost = Math.max(0, (await failuresOfLoad()) - before);
  addUnseen(lost);
  note(
    lost === 0
      ? "the load generator lost no request"
      : `the load generator lost ${lost} ${lost === 1 ? "request" : "requests"}: connections end with their proxy`,
  );
}

/** Notes when the instance is ready again, or that another took its place. */
function noteReady(victim: Instance): void {
  const { name } = victim.metadata;
  const restarts = victim.status?.restarts ?? 0;
  noteOnce(({ instances }) => {
    const now = instances.find(({ metadata }) => metadata.name === name);
    if (now === undefined) return `another instance is in the place of ${shortInstance(name)}`;
    const isBack = now.status?.state === "Ready" && (now.status.restarts ?? 0) > restarts;
    return isBack ? `${shortInstance(name)} is ready again` : undefined;
  });
}

export function KillProcesses(): ReactNode {
  return (
    <div className="row">
      <Deed label="Kill the daemon" danger act={killDaemon} />
      <Deed label="Kill the proxy" danger act={killProxy} />
    </div>
  );
}

export function KillInstance({ instances }: { readonly instances: readonly Instance[] }): ReactNode {
  const [chosen, setChosen] = useState("");
  const alive = instances.filter(({ status }) => status?.state === "Ready" || status?.state === "Unready");
  const kill = async (): Promise<void> => {
    const victim =
      alive.find(({ metadata }) => metadata.name === chosen) ??
      alive[Math.floor(Math.random() * alive.length)];
    if (victim === undefined) return;
    await signal(`/instances/${encodeURIComponent(victim.metadata.name)}`);
    note(`killed ${shortInstance(victim.metadata.name)}`);
    noteReady(victim);
  };
  return (
    <div className="row">
      <Deed label="Kill an instance" danger disabled={alive.length === 0} act={kill} />
      <select aria-label="Which instance" value={chosen} onChange={(event) => setChosen(event.target.value)}>
        <option value="">any</option>
        {alive.map(({ metadata }) => (
          <option key={metadata.name} value={metadata.name}>
            {shortInstance(metadata.name)}
          </option>
        ))}
      </select>
    </div>
  );
}
