/** The call graph where it would not fit: every service with its calls below it, one under the other. */
import type { ReactNode } from "react";
import type { EdgeStat } from "@plinth/resource";
import { milliseconds, percent, perSecond } from "../format.ts";
import { edgeWords } from "../model/edge-words.ts";
import { lineOf, successTone } from "../model/health.ts";
import { edgeKey } from "../model/traffic.ts";
import { useTraffic } from "../session.tsx";
import { type CallGraphProps, isChosen } from "./selection.ts";
import { INGRESS, type Link, type Topology } from "./topology.ts";
import { symbolOf } from "../parts/badge.tsx";

function Call({ edge, callee }: { readonly edge: EdgeStat | undefined; readonly callee: string }): ReactNode {
  const quiet = edge === undefined || edge.rps === null || edge.rps === 0;
  return (
    <>
      <span>→ {callee}</span>
      {quiet ? (
        <>
          <span />
          <span className="soft">no traffic</span>
        </>
      ) : (
        <>
          <span>
            <b className={`text-${successTone(edge.successRate)}`}>{percent(edge.successRate)}</b>{" "}
            {perSecond(edge.rps)}
          </span>
          <span className="soft">p95 {milliseconds(edge.latencyP95Ms)}</span>
          <span className="soft">{edgeWords(edge)}</span>
        </>
      )}
    </>
  );
}

/** Callers before those they call, as far as there is such an order. */
function inOrder({ nodes, links }: Topology): readonly string[] {
  const ordered: string[] = [];
  let left = [...nodes];
  while (left.length > 0) {
    const called = new Set(links.filter(({ caller }) => left.includes(caller)).map(({ callee }) => callee));
    const next = left.filter((name) => !called.has(name));
    const batch = next.length > 0 ? next : left;
    ordered.push(...batch);
    left = left.filter((name) => !batch.includes(name));
  }
  return ordered;
}

interface CallListProps extends CallGraphProps {
  readonly topology: Topology;
}

export function CallList({ app, topology, services, selected, onSelect }: CallListProps): ReactNode {
  const { edges } = useTraffic();
  const callsOf = (name: string): readonly Link[] => topology.links.filter(({ caller }) => caller === name);
  return (
    <ul className="plain call-list" aria-label={`Call graph of ${app.metadata.name}`}>
      {inOrder(topology).map((name) => {
        const health = services.find((service) => service.name === name);
        return (
          <li key={name} className={`node ${health?.tone ?? "good"}`}>
            <button
              type="button"
              className="service"
              disabled={name === INGRESS}
              aria-pressed={isChosen(selected, { service: name })}
              onClick={() => onSelect({ service: name })}
            >
              <b>{name}</b>
              {health ? (
                <span className="soft">
                  <span className={`text-${health.tone}`} aria-hidden="true">
                    {symbolOf(health.tone)}
                  </span>{" "}
                  {lineOf(health)}
                </span>
              ) : (
                <span className="soft">from outside</span>
              )}
            </button>
            {callsOf(name).map((link) => (
              <button
                key={link.callee}
                type="button"
                className="call"
                aria-pressed={isChosen(selected, link)}
                onClick={() => onSelect({ caller: link.caller, callee: link.callee })}
              >
                <Call callee={link.callee} edge={edges.get(edgeKey(link.caller, link.callee))} />
              </button>
            ))}
          </li>
        );
      })}
    </ul>
  );
}
