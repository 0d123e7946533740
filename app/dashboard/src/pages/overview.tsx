/** Overview: the call graph, what is chosen on it, and the edges as a table. */
import type { App } from "@plinth/resource";
import type { ReactNode } from "react";
import { count, milliseconds, percent, perSecond } from "../format.ts";
import { CallGraph } from "../graph/call-graph.tsx";
import type { Selection } from "../graph/selection.ts";
import { INGRESS } from "../graph/topology.ts";
import { protocolText, securedText } from "../model/edge-words.ts";
import { serviceHealth, successTone } from "../model/health.ts";
import { Badge } from "../parts/badge.tsx";
import { linkTo, replace, useRoute } from "../route.ts";
import { type PageProps, useCluster, useTraffic } from "../session.tsx";
import { BreakIt, canBreak } from "./break-it.tsx";
import { EdgeDetails, ServiceDetails, Totals } from "./details.tsx";

function selectionOf(query: URLSearchParams): Selection | undefined {
  const service = query.get("service");
  if (service !== null) return { service };
  const [caller, callee] = [query.get("caller"), query.get("callee")];
  return caller !== null && callee !== null ? { caller, callee } : undefined;
}

function EdgeTable({ app }: { readonly app: App }): ReactNode {
  const { edges, counted } = useTraffic();
  const { name } = app.metadata;
  return (
    <section>
      <h2>
        Calls <small className="soft">failures since this page opened</small>
      </h2>
      {edges.size === 0 ? (
        <p className="soft">No request has gone through the mesh yet.</p>
      ) : (
        <div className="scroll">
          <table className="calls">
            <thead>
              <tr>
                <th scope="col">Caller</th>
                <th scope="col">Callee</th>
                <th scope="col">Protocol</th>
                <th scope="col">Secured</th>
                <th scope="col" className="number">
                  Success
                </th>
                <th scope="col" className="number">
                  Requests
                </th>
                <th scope="col" className="number">
                  p50
                </th>
                <th scope="col" className="number">
                  p95
                </th>
                <th scope="col" className="number">
                  p99
                </th>
                <th scope="col" className="number">
                  Failed
                </th>
              </tr>
            </thead>
            <tbody>
              {[...edges].map(([key, edge]) => (
                <tr key={key}>
                  <th scope="row">{edge.caller}</th>
                  <td>
                    <a href={linkTo(name, "overview", { caller: edge.caller, callee: edge.callee })}>
                      {edge.callee}
                    </a>
                  </td>
                  <td>{protocolText(edge)}</td>
                  <td>{securedText(edge)}</td>
                  <td className={`number text-${successTone(edge.successRate)}`}>
                    {percent(edge.successRate)}
                  </td>
                  <td className="number">{perSecond(edge.rps)}</td>
                  <td className="number">{milliseconds(edge.latencyP50Ms)}</td>
                  <td className="number">{milliseconds(edge.latencyP95Ms)}</td>
                  <td className="number">{milliseconds(edge.latencyP99Ms)}</td>
                  <td className="number">{count(counted.get(key)?.failures ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function OverviewPage({ app }: PageProps): ReactNode {
  const { query } = useRoute();
  const cluster = useCluster();
  const { fresh } = useTraffic();
  const services = serviceHealth(app, cluster.instances);
  const selected = selectionOf(query);
  const { name } = app.metadata;
  const choose = (selection: Selection | undefined): void =>
    replace(linkTo(name, "overview", { ...selection }));

  let details: ReactNode = <Totals app={app} />;
  if (selected && "service" in selected) {
    const health = services.find((service) => service.name === selected.service);
    if (health) details = <ServiceDetails app={app} health={health} />;
  } else if (selected) {
    details = <EdgeDetails app={app} caller={selected.caller} callee={selected.callee} />;
  }

  return (
    <div className="overview">
      <section className={fresh ? "card wide" : "card wide stale"} aria-label="Call graph">
        <h1 className="sr">Overview</h1>
        <CallGraph
          app={app}
          services={services}
          selected={selected}
          onSelect={(selection) =>
            choose("service" in selection && selection.service === INGRESS ? undefined : selection)
          }
        />
        <p className="legend soft">
          Success, requests per second and latencies (on the graph: p50 · p95 · p99) over the last seconds,
          what is spoken, and whether it is secured by mutual TLS or never leaves the host. Choose a service
          or a call for more.
          <span>
            <Badge tone="good">≥ 99 %</Badge> <Badge tone="warn">≥ 90 %</Badge> <Badge tone="bad">less</Badge>{" "}
            <Badge tone="off">no traffic</Badge>
          </span>
        </p>
      </section>
      <aside aria-label="Details">
        <section className="card" aria-live="off">
          {selected && (
            <button
              type="button"
              className="button quiet close"
              onClick={() => choose(undefined)}
              aria-label="Close details"
            >
              ×
            </button>
          )}
          {details}
        </section>
        {canBreak(app) && <BreakIt app={app} />}
      </aside>
      <div className="card wide">
        <EdgeTable app={app} />
      </div>
    </div>
  );
}
