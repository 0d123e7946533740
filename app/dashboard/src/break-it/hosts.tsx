/** Harm to what ties machines together: their certificates, and a machine that goes. */
import type { ExpiryReport, Host, StatusReport } from "@plinth/resource";
import { type ReactNode, useEffect, useState } from "react";
import { request } from "../api/request.ts";
import { Deed } from "../parts/deed.tsx";
import { note, noteOnce, seconds } from "./diary.tsx";

export function ExpireCertificates(): ReactNode {
  const expire = async (): Promise<void> => {
    const sinceMs = Date.now();
    note("took every certificate for expired");
    const { hosts } = await request<ExpiryReport>("/identity/expire", { method: "POST" });
    const total = hosts.reduce((sum, { certificates }) => sum + certificates, 0);
    const where = hosts.length === 1 ? "" : ` on ${hosts.length} hosts`;
    note(`${total} certificates${where} are new after ${seconds(sinceMs)}`);
  };
  return <Deed label="Expire certificates" danger act={expire} />;
}

/** The name of the host that answers this page; undefined until it is known, and while it has no others. */
function useOwnHost(hosts: readonly Host[]): string | undefined {
  const [own, setOwn] = useState<string>();
  const isAlone = hosts.length < 2;
  useEffect(() => {
    if (isAlone) return;
    request<StatusReport>("/status").then(
      ({ host }) => setOwn(host?.name),
      () => undefined, // the page says what is wrong
    );
  }, [isAlone]);
  return own;
}

/** Notes when a host that was switched off is given up, when what it ran is ready elsewhere, and when it is back. */
function noteGone(name: string): void {
  const stateIn = (hosts: readonly Host[]): string | undefined =>
    hosts.find(({ metadata }) => metadata.name === name)?.status?.state;
  let wasLost = false;
  noteOnce(({ hosts }) => {
    wasLost = stateIn(hosts) === "Lost";
    return wasLost ? `${name} is given up: nobody calls it any more,` : undefined;
  });
  noteOnce(({ hosts }) => (wasLost && stateIn(hosts) === "Ready" ? `${name} is back` : undefined));
  noteOnce(({ instances, apps }) => {
    const isReplaced = instances.every(({ spec }) => spec.host !== name);
    const isWell = apps.every(({ status }) => status?.phase === "Healthy");
    return isReplaced && isWell ? `what ${name} ran is ready on other hosts` : undefined;
  });
}

export function SwitchOffHost({ hosts }: { readonly hosts: readonly Host[] }): ReactNode {
  const own = useOwnHost(hosts);
  const [chosen, setChosen] = useState("");
  const others = own === undefined ? [] : hosts.filter(({ metadata }) => metadata.name !== own);
  const ready = others.filter(({ status }) => status?.state === "Ready");
  const name = (ready.find(({ metadata }) => metadata.name === chosen) ?? ready[0])?.metadata.name;
  if (name === undefined) {
    const [gone] = others;
    return (
      <div className="lacking">
        <Deed label="Switch off a second host" danger disabled act={() => Promise.resolve()} />
        {gone === undefined ? (
          <p className="soft small">
            There is no other host to switch off. To join one:{" "}
            <code>plinth join-token | ssh OTHER plinth join</code>
          </p>
        ) : (
          <p className="soft small">
            {gone.metadata.name} does not answer. On it, <code>plinth join</code> brings it back.
          </p>
        )}
      </div>
    );
  }
  const halt = async (): Promise<void> => {
    await request(`/hosts/${encodeURIComponent(name)}/halt`, { method: "POST" });
    note(`switched ${name} off`);
    noteGone(name);
  };
  return (
    <div className="row">
      <Deed
        label={`Switch off ${name}`}
        danger
        act={halt}
        confirm={{
          title: `Switch off ${name}?`,
          body: (
            <p>
              All that Plinth runs on {name} is killed at once, Plinth itself included, as if it lost its
              power; the machine stays on. Calls go elsewhere, and after half a minute what it ran is started
              on other hosts. Nothing here brings it back: type <code>plinth join</code> on {name}.
            </p>
          ),
          yes: "Switch off",
        }}
      />
      {ready.length > 1 && (
        <select aria-label="Which host" value={name} onChange={(event) => setChosen(event.target.value)}>
          {ready.map(({ metadata }) => (
            <option key={metadata.name}>{metadata.name}</option>
          ))}
        </select>
      )}
    </div>
  );
}
