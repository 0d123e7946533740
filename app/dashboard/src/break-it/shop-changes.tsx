/** Harm that is a change of the shop's own config: broken releases, a flood, a store that is full. */
import type { App } from "@plinth/resource";
import type { ReactNode } from "react";
import { request } from "../api/request.ts";
import { Deed } from "../parts/deed.tsx";
import { note, noteOnce } from "./diary.tsx";

function patchService(service: string, spec: unknown): Promise<unknown> {
  return request("/apps/shop", { method: "PATCH", body: { spec: { services: { [service]: spec } } } });
}

const isOn = ({ spec }: App, service: string): boolean => (spec.services[service]?.replicas ?? 0) > 0;

/** Notes when the service has an instance that is ready, or none any more. */
function noteScaled(service: string, on: boolean, text: string): void {
  noteOnce(({ instances }) => {
    const own = instances.filter(({ spec }) => spec.app === "shop" && spec.service === service);
    const isThere = own.some(({ status }) => status?.state === "Ready");
    return (on ? isThere : own.length === 0) ? text : undefined;
  });
}

export function ShipReleases({ app }: { readonly app: App }): ReactNode {
  const broken = app.spec.services["catalog"]?.env?.["BREAK"] !== undefined;
  const { activeRelease, failedRelease } = app.status ?? {};
  const ship = (how: "crash" | "unready") => async (): Promise<void> => {
    await patchService("catalog", { env: { BREAK: how } });
    note(how === "crash" ? "shipped a catalog that crashes" : "shipped a catalog that never gets ready");
  };
  const undo = async (): Promise<void> => {
    await request("/apps/shop/rollback", { method: "POST", body: { to: activeRelease } });
    note(`rolled back to release ${activeRelease}`);
  };
  return (
    <>
      <div className="row">
        <Deed label="Ship a release that crashes" danger disabled={broken} act={ship("crash")} />
        <Deed label="Ship one that never gets ready" danger disabled={broken} act={ship("unready")} />
      </div>
      {(broken || failedRelease !== undefined) && activeRelease !== undefined && (
        <Deed label={`Undo: roll back to release ${activeRelease}`} act={undo} />
      )}
    </>
  );
}

export function Flood({ app }: { readonly app: App }): ReactNode {
  const flooding = isOn(app, "flood");
  const act = async (): Promise<void> => {
    await patchService("flood", { replicas: flooding ? 0 : 1 });
    note(flooding ? "ended the flood" : "began to flood the catalog");
  };
  return <Deed label={flooding ? "End the flood" : "Flood the catalog"} danger={!flooding} act={act} />;
}

/** One service writes until the store of carts refuses; when it ends it gives all of it back. */
export function FillStore({ app }: { readonly app: App }): ReactNode {
  const filling = isOn(app, "hoard");
  const act = async (): Promise<void> => {
    await patchService("hoard", { replicas: filling ? 0 : 1 });
    note(filling ? "had the store of carts emptied" : "began to fill the store of carts to its quota");
    noteScaled(
      "hoard",
      !filling,
      filling
        ? "the store was compacted, and takes writes again,"
        : "the store refuses writes: carts are kept in browsers, the shop sells on,",
    );
  };
  const label = filling ? "Empty the store of carts" : "Fill the store of carts";
  return <Deed label={label} danger={!filling} act={act} />;
}
