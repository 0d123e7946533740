/** Break it: in the shop's demonstration, ways to do harm beside the count of requests that failed for it. */
import type { App } from "@plinth/resource";
import type { ReactNode } from "react";
import { Diary } from "../break-it/diary.tsx";
import { FailedRequests } from "../break-it/failed-requests.tsx";
import { ExpireCertificates, SwitchOffHost } from "../break-it/hosts.tsx";
import { KillInstance, KillProcesses } from "../break-it/kill.tsx";
import { FillStore, Flood, ShipReleases } from "../break-it/shop-changes.tsx";
import { useCluster } from "../session.tsx";

/** Only the example is there to be broken. */
export const canBreak = ({ metadata, spec }: App): boolean =>
  metadata.name === "shop" && "catalog" in spec.services && "flood" in spec.services;

export function BreakIt({ app }: { readonly app: App }): ReactNode {
  const { connection, instances, hosts } = useCluster();
  const { services } = app.spec;
  return (
    <section className="card break-it" aria-label="Break it">
      <h2>Break it</h2>
      <FailedRequests />
      <fieldset disabled={connection !== "live"}>
        <legend className="sr">Ways to do harm</legend>
        <KillProcesses />
        <KillInstance instances={instances.filter(({ spec }) => spec.app === app.metadata.name)} />
        <ShipReleases app={app} />
        <div className="row">
          <Flood app={app} />
          {"hoard" in services && <FillStore app={app} />}
        </div>
        <ExpireCertificates />
        <SwitchOffHost hosts={hosts} />
      </fieldset>
      <Diary />
    </section>
  );
}
