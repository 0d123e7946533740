/** Break it: in the shop's demonstration, ways to do harm beside the count of requests that failed for it. */
import type { App, Instance } from "@plinth/resource";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { ApiFault, request } from "../api/request.ts";
import { clockTime, count, shortInstance } from "../format.ts";
import { INGRESS } from "../graph/topology.ts";
import { Deed } from "../parts/deed.tsx";
import { useCluster, useTraffic } from "../session.tsx";

const DEEDS_MAX = 8;

/** Only the example is there to be broken. */
export const canBreak = ({ metadata, spec }: App): boolean =>
  metadata.name === "shop" && "catalog" in spec.services && "flood" in spec.services;

function FailedRequests(): ReactNode {
  const { counted } = useTraffic();
  let [requests, failures] = [0, 0];
  const parts: ReactNode[] = [];
  for (const [key, sum] of counted) {
    const [caller] = key.split("→");
    if (caller !== INGRESS && key !== "loadgen→storefront") continue;
    requests += sum.requests;
    failures += sum.failures;
    parts.push(
      <li key={key}>
        {caller === INGRESS ? "you and other visitors" : "the load generator"}:{" "}
        <b className={sum.failures > 0 ? "text-bad" : ""}>{count(sum.failures)}</b> of {count(sum.requests)}
      </li>,
    );
  }
  return (
    <div className={failures > 0 ? "counter bad" : "counter good"}>
      <output aria-label="Failed requests since this page opened">{count(failures)}</output>
      <p>
        failed requests of {count(requests)}
        <br />
        <span className="soft">since this page opened</span>
      </p>
      <ul className="plain soft small">{parts}</ul>
    </div>
  );
}

const signal = (path: string): Promise<unknown> =>
  request(`${path}/signal`, { method: "POST", body: { signal: "SIGKILL" } });

async function killDaemon(): Promise<void> {
  try {
    await signal("/processes/daemon");
  } catch (thrown) {
    // It died before it could answer: as asked.
    if (!(thrown instanceof ApiFault && thrown.code === 0)) throw thrown;
  }
}

function patchService(service: string, spec: unknown): Promise<unknown> {
  return request("/apps/shop", { method: "PATCH", body: { spec: { services: { [service]: spec } } } });
}

/** What was done and how it went on, newest first. */
function useDiary(): {
  entries: readonly { readonly number: number; readonly text: string }[];
  note: (text: string) => void;
} {
  const [entries, setEntries] = useState<readonly { number: number; text: string }[]>([]);
  const note = (text: string): void =>
    setEntries((before) => {
      const entry = { number: (before[0]?.number ?? 0) + 1, text: `${clockTime(Date.now())} ${text}` };
      return [entry, ...before].slice(0, DEEDS_MAX);
    });
  return { entries, note };
}

/** Notes how long the daemon was away. */
function useDaemonAway(note: (text: string) => void): void {
  const { connection, troubleSinceMs } = useCluster();
  const since = useRef<number>(undefined);
  useEffect(() => {
    if (connection === "reconnecting") since.current = troubleSinceMs;
    else if (connection === "live" && since.current !== undefined) {
      note(`the daemon is back after ${((Date.now() - since.current) / 1000).toFixed(1)} s`);
      since.current = undefined;
    }
  }, [connection, troubleSinceMs, note]);
}

function KillInstance({
  instances,
  note,
}: {
  readonly instances: readonly Instance[];
  readonly note: (text: string) => void;
}): ReactNode {
  const [chosen, setChosen] = useState("");
  const alive = instances.filter(({ status }) => status?.state === "Ready" || status?.state === "Unready");
  const kill = async (): Promise<void> => {
    const victim =
      alive.find(({ metadata }) => metadata.name === chosen) ??
      alive[Math.floor(Math.random() * alive.length)];
    if (victim === undefined) return;
    await signal(`/instances/${encodeURIComponent(victim.metadata.name)}`);
    note(`killed ${shortInstance(victim.metadata.name)}`);
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

export function BreakIt({ app }: { readonly app: App }): ReactNode {
  const cluster = useCluster();
  const { entries, note } = useDiary();
  useDaemonAway(note);
  const live = cluster.connection === "live";
  const flooding = (app.spec.services["flood"]?.replicas ?? 1) > 0;
  const broken = app.spec.services["catalog"]?.env?.["BREAK"] !== undefined;
  const { activeRelease, failedRelease } = app.status ?? {};
  const instances = cluster.instances.filter(({ spec }) => spec.app === app.metadata.name);

  const ship = (how: "crash" | "unready") => async (): Promise<void> => {
    await patchService("catalog", { env: { BREAK: how } });
    note(how === "crash" ? "shipped a catalog that crashes" : "shipped a catalog that never gets ready");
  };
  const undo = async (): Promise<void> => {
    await request("/apps/shop/rollback", { method: "POST", body: { to: activeRelease } });
    note(`rolled back to release ${activeRelease}`);
  };
  const flood = async (): Promise<void> => {
    await patchService("flood", { replicas: flooding ? 0 : 1 });
    note(flooding ? "ended the flood" : "began to flood the catalog");
  };

  return (
    <section className="card break-it" aria-label="Break it">
      <h2>Break it</h2>
      <FailedRequests />
      <fieldset disabled={!live}>
        <legend className="sr">Ways to do harm</legend>
        <Deed
          label="Kill the daemon"
          danger
          act={async () => {
            await killDaemon();
            note("killed the daemon");
          }}
        />
        <KillInstance instances={instances} note={note} />
        <div className="row">
          <Deed label="Ship a release that crashes" danger disabled={broken} act={ship("crash")} />
          <Deed label="Ship one that never gets ready" danger disabled={broken} act={ship("unready")} />
        </div>
        {(broken || failedRelease !== undefined) && activeRelease !== undefined && (
          <Deed label={`Undo: roll back to release ${activeRelease}`} act={undo} />
        )}
        <Deed label={flooding ? "End the flood" : "Flood the catalog"} danger={!flooding} act={flood} />
      </fieldset>
      <ol className="plain small diary" aria-label="What was done" aria-live="polite">
        {entries.map(({ number, text }) => (
          <li key={number}>{text}</li>
        ))}
      </ol>
    </section>
  );
}
