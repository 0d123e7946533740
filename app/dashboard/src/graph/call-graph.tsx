/** The call graph: services as boxes, calls as arrows with what the mesh measured on them. */
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { EdgeStat } from "@plinth/resource";
import { milliseconds, percent, perSecond } from "../format.ts";
import { edgeWords } from "../model/edge-words.ts";
import { lineOf, type ServiceHealth, successTone, type Tone } from "../model/health.ts";
import { edgeKey } from "../model/traffic.ts";
import { symbolOf } from "../parts/badge.tsx";
import { useTraffic } from "../session.tsx";
import { CallList } from "./call-list.tsx";
import { LABEL, type Layout, layOut, NODE, pathThrough, type PlacedLink, type Point } from "./layout.ts";
import { type CallGraphProps, isChosen } from "./selection.ts";
import { INGRESS, topologyOf } from "./topology.ts";

/** Below this, text could not be read; the graph then scrolls a little instead. */
const SCALE_MIN = 0.8;
const SCALE_MAX = 1.15;
/** Where less than this much of the graph's width could be seen, calls are listed instead. */
const SEEN_MIN = 0.75;
const tones: readonly Tone[] = ["good", "busy", "warn", "bad", "off"];

/** What a click does, Enter and Space do too. */
function pressable(label: string, act: () => void): Record<string, unknown> {
  return {
    role: "button",
    tabIndex: 0,
    "aria-label": label,
    onClick: act,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    },
  };
}

/** The better of the two directions for the room there is. */
function useLayout(
  topology: ReturnType<typeof topologyOf>,
  room: { width: number; height: number },
): { layout: Layout; scale: number; fits: boolean } {
  // Topologies are few and small; their text is a cheap and exact key.
  const key = JSON.stringify(topology);
  const candidates = useMemo(() => {
    const same = JSON.parse(key) as typeof topology;
    return [layOut(same, "LR"), layOut(same, "TB")];
  }, [key]);
  const fit = (layout: Layout): number =>
    Math.min(room.width / layout.width, Math.max(room.height / layout.height, SCALE_MIN));
  const layout = candidates.reduce((best, next) => (fit(next) > fit(best) ? next : best));
  const scale = Math.min(Math.max(fit(layout), SCALE_MIN), SCALE_MAX);
  return { layout, scale, fits: room.width >= layout.width * scale * SEEN_MIN };
}

interface NodeProps {
  readonly name: string;
  readonly at: Point;
  readonly health: ServiceHealth | undefined;
  readonly selected: boolean;
  readonly onSelect: () => void;
}

function Node({ name, at, health, selected, onSelect }: NodeProps): ReactNode {
  const tone = health?.tone ?? "good";
  const line = health ? lineOf(health) : "from outside";
  return (
    <g
      className={`node ${tone}${selected ? " selected" : ""}${health ? "" : " ingress"}`}
      transform={`translate(${at.x - NODE.width / 2},${at.y - NODE.height / 2})`}
      {...pressable(`${name}: ${health ? `${health.word}, ` : ""}${line}`, onSelect)}
    >
      <rect width={NODE.width} height={NODE.height} rx="8" />
      <text x="11" y="21" className="name">
        {name}
      </text>
      <text x="11" y="38" className="line">
        <tspan className="symbol">{health ? symbolOf(tone) : "→"}</tspan> {line}
      </text>
    </g>
  );
}

interface EdgeProps {
  readonly link: PlacedLink;
  readonly traffic: EdgeStat | undefined;
  readonly selected: boolean;
  readonly onSelect: () => void;
}

/** A call without requests may still have connections that pass through unread. */
function idleText(traffic: EdgeStat | undefined): string {
  const open = traffic?.protocols.includes("TCP") ? traffic.tcpConnections : 0;
  return open === 0 ? "no traffic" : `${open} open`;
}

function Edge({ link, traffic, selected, onSelect }: EdgeProps): ReactNode {
  const tone = successTone(traffic?.successRate);
  const quiet = traffic === undefined || traffic.rps === null || traffic.rps === 0;
  const path = pathThrough(link.points);
  const latencies = [traffic?.latencyP50Ms, traffic?.latencyP95Ms, traffic?.latencyP99Ms];
  const spoken = quiet
    ? "no traffic"
    : `${percent(traffic.successRate)} success, ${perSecond(traffic.rps)}, p95 ${milliseconds(traffic.latencyP95Ms)}`;
  const words = traffic === undefined || traffic.protocols.length === 0 ? "" : edgeWords(traffic);
  return (
    <g
      className={`edge ${tone}${selected ? " selected" : ""}`}
      {...pressable(`${link.caller} calls ${link.callee}: ${spoken}${words && `; ${words}`}`, onSelect)}
    >
      <path className="reach" d={path} />
      <path className="line" d={path} markerEnd={`url(#arrow-${tone})`} />
      <g transform={`translate(${link.label.x},${link.label.y})`}>
        <rect x={-LABEL.width / 2} y={-LABEL.height / 2} width={LABEL.width} height={LABEL.height} rx="5" />
        {quiet ? (
          <>
            <text className="figures soft" y={words ? -2 : 4}>
              {idleText(traffic)}
            </text>
            <text className="figures words" y="13">
              {words}
            </text>
          </>
        ) : (
          <>
            <text className="figures" y="-9">
              <tspan className="rate">{percent(traffic.successRate)}</tspan> {perSecond(traffic.rps)}
            </text>
            <text className="figures soft" y="5">
              {latencies.map((ms) => milliseconds(ms, false)).join(" · ")} ms
            </text>
            <text className="figures words" y="18">
              {words}
            </text>
          </>
        )}
      </g>
    </g>
  );
}

export function CallGraph({ app, services, selected, onSelect }: CallGraphProps): ReactNode {
  const { edges } = useTraffic();
  const topology = topologyOf(app.spec, edges.values());
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 1000, height: 600 });
  const { layout, scale, fits } = useLayout(topology, room);

  useEffect(() => {
    if (!frame.current) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width } = entry.contentRect;
      // Room below the header on an ordinary screen; the graph may grow past it and the page scrolls.
      setRoom({ width, height: Math.max(window.innerHeight - 220, 420) });
    });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  // Where the graph is wider than the screen, begin where requests begin.
  const startX = (layout.nodes.get(INGRESS)?.x ?? 0) * scale;
  useEffect(() => {
    if (frame.current) frame.current.scrollLeft = startX - frame.current.clientWidth / 2;
  }, [startX]);

  if (!fits) {
    return (
      <div className="graph" ref={frame}>
        <CallList {...{ app, services, selected, onSelect, topology }} />
      </div>
    );
  }
  return (
    <div className="graph" ref={frame}>
      <svg
        role="group"
        aria-label={`Call graph of ${app.metadata.name}`}
        width={layout.width * scale}
        height={layout.height * scale}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
      >
        <defs>
          {tones.map((tone) => (
            <marker
              key={tone}
              id={`arrow-${tone}`}
              className={`arrow ${tone}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0,0.5 L8,4 L0,7.5 z" />
            </marker>
          ))}
        </defs>
        {layout.links.map((link) => (
          <Edge
            key={edgeKey(link.caller, link.callee)}
            link={link}
            traffic={edges.get(edgeKey(link.caller, link.callee))}
            selected={isChosen(selected, link)}
            onSelect={() => onSelect({ caller: link.caller, callee: link.callee })}
          />
        ))}
        {[...layout.nodes].map(([name, at]) => (
          <Node
            key={name}
            name={name}
            at={at}
            health={name === INGRESS ? undefined : services.find((service) => service.name === name)}
            selected={isChosen(selected, { service: name })}
            onSelect={() => onSelect({ service: name })}
          />
        ))}
      </svg>
    </div>
  );
}
