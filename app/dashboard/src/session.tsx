/** What every page reads: the resources, the traffic, and the app that is looked at. */
import type { App } from "@plinth/resource";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { StatReport } from "@plinth/resource";
import { request } from "./api/request.ts";
import { delay, whileVisible } from "./api/wait.ts";
import { watchResources } from "./api/watch.ts";
import { type Cluster, ClusterModel } from "./model/cluster.ts";
import { type InstanceUsage, type Traffic, TrafficModel } from "./model/traffic.ts";

const POLL_MS = 1000;
/** A daemon that is being killed must not leave a poll hanging. */
const POLL_TIMEOUT_MS = 5000;

const ClusterContext = createContext<Cluster | undefined>(undefined);
const TrafficContext = createContext<Traffic | undefined>(undefined);

async function poll(app: string, model: TrafficModel, signal: AbortSignal): Promise<void> {
  const query = `?app=${encodeURIComponent(app)}`;
  while (!signal.aborted) {
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(POLL_TIMEOUT_MS)]);
      model.stat(await request<StatReport>(`/stat${query}`, { signal: patience }));
      model.instances(
        await request<readonly InstanceUsage[]>(`/ps${query}`, { signal: patience }),
        performance.now(),
      );
    } catch {
      // The watch says what is wrong; here the figures are only no longer new.
      if (!signal.aborted) model.stale();
    }
    await delay(POLL_MS, signal);
  }
}

export function ClusterProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [model] = useState(() => new ClusterModel());
  useEffect(() => whileVisible((signal) => void watchResources(model, signal)), [model]);
  const cluster = useSyncExternalStore(model.state.subscribe, model.state.get);
  return <ClusterContext value={cluster}>{children}</ClusterContext>;
}

/** Figures of one app; give it the app's name as `key`, so that another app starts from nothing. */
export function TrafficProvider({
  app,
  children,
}: {
  readonly app: string;
  readonly children: ReactNode;
}): ReactNode {
  const [model] = useState(() => new TrafficModel());
  useEffect(() => whileVisible((signal) => void poll(app, model, signal)), [app, model]);
  const traffic = useSyncExternalStore(model.state.subscribe, model.state.get);
  return <TrafficContext value={traffic}>{children}</TrafficContext>;
}

function within<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("used outside its provider");
  return value;
}

export const useCluster = (): Cluster => within(useContext(ClusterContext));
export const useTraffic = (): Traffic => within(useContext(TrafficContext));

export interface PageProps {
  readonly app: App;
}
