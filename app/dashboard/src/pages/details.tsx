/** What the side of the overview says about an app, a service or a call. */
import type { App } from "@plinth/resource";
import type { ReactNode } from "react";
import { count, milliseconds, percent, perSecond, shortInstance } from "../format.ts";
import { INGRESS } from "../graph/topology.ts";
import { appTone, instanceTone, type ServiceHealth, successTone } from "../model/health.ts";
import { edgeKey, type Sample } from "../model/traffic.ts";
import { protocolText, securedText } from "../model/edge-words.ts";
import { LiveTap } from "../parts/live-tap.tsx";
import { Badge } from "../parts/badge.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { linkTo } from "../route.ts";
import { useTraffic } from "../session.tsx";

const SLOTS = 120;

interface Figures {
  readonly successRate: number | null;
  readonly rps: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
}

function FigureRow({ figures }: { readonly figures: Figures | undefined }): ReactNode {
  return (
    <dl className="figures-row">
      <div>
        <dt>Success</dt>
        <dd className={`text-${successTone(figures?.successRate)}`}>{percent(figures?.successRate)}</dd>
      </div>
      <div>
        <dt>Requests</dt>
        <dd>{perSecond(figures?.rps)}</dd>
      </div>
      <div>
        <dt>p50</dt>
        <dd>{milliseconds(figures?.latencyP50Ms)}</dd>
      </div>
      <div>
        <dt>p95</dt>
        <dd>{milliseconds(figures?.latencyP95Ms)}</dd>
      </div>
      <div>
        <dt>p99</dt>
        <dd>{milliseconds(figures?.latencyP99Ms)}</dd>
      </div>
    </dl>
  );
}

interface HistoryProps {
  readonly samples: readonly Sample[];
  readonly figures: Figures;
  /** Leaves out the latency, where room is short. */
  readonly brief?: boolean;
}

function History({ samples, figures, brief = false }: HistoryProps): ReactNode {
  return (
    <>
      <Sparkline
        label="Requests, two minutes"
        value={perSecond(figures.rps)}
        values={samples.map(({ rps }) => rps)}
        slots={SLOTS}
        least={5}
      />
      {!brief && (
        <Sparkline
          label="p95"
          value={milliseconds(figures.latencyP95Ms)}
          values={samples.map(({ p95Ms }) => p95Ms)}
          slots={SLOTS}
          least={20}
        />
      )}
      <Sparkline
        label="Failing"
        value={figures.successRate === null ? "–" : percent(1 - figures.successRate)}
        values={samples.map(({ successRate }) => (successRate === null ? null : 1 - successRate))}
        slots={SLOTS}
        least={0.1}
      />
    </>
  );
}

export function Totals({ app }: { readonly app: App }): ReactNode {
  const { services, history } = useTraffic();
  const { phase, message, activeRelease, targetRelease, urls } = app.status ?? {};
  // What people come to see first: the service behind the ingress.
  const entry = Object.values(app.spec.ingress ?? {})[0];
  const traffic = entry === undefined ? undefined : services.get(entry);
  return (
    <>
      <h2>
        {app.metadata.name} <Badge tone={appTone(phase)}>{phase ?? "New"}</Badge>
      </h2>
      {message && <p>{message}</p>}
      <dl className="facts">
        <dt>Release</dt>
        <dd>
          <a href={linkTo(app.metadata.name, "releases")}>{activeRelease ?? "none yet"}</a>
          {targetRelease !== undefined && targetRelease !== activeRelease && ` → ${targetRelease}`}
        </dd>
        {urls && urls.length > 0 && (
          <>
            <dt>Open</dt>
            <dd className="urls">
              {urls.map((url) => (
                <a key={url} href={url} target="_blank" rel="noreferrer">
                  {url}
                </a>
              ))}
            </dd>
          </>
        )}
      </dl>
      {entry !== undefined && (
        <>
          <h3>{entry}, from all its callers</h3>
          <FigureRow figures={traffic} />
          {traffic && <History brief samples={history.get(entry) ?? []} figures={traffic} />}
        </>
      )}
    </>
  );
}

export function ServiceDetails({
  app,
  health,
}: {
  readonly app: App;
  readonly health: ServiceHealth;
}): ReactNode {
  const { services, edges } = useTraffic();
  const traffic = services.get(health.name);
  const { name } = app.metadata;
  const calls = [...edges.values()];
  const callers = calls.filter(({ callee }) => callee === health.name);
  const callees = calls.filter(({ caller }) => caller === health.name);
  const list = (title: string, links: typeof calls, end: "caller" | "callee"): ReactNode =>
    links.length > 0 && (
      <>
        <h3>{title}</h3>
        <ul className="plain">
          {links.map((edge) => (
            <li key={edge[end]} className="row">
              <a href={linkTo(name, "overview", { caller: edge.caller, callee: edge.callee })}>{edge[end]}</a>
              <span className={`text-${successTone(edge.successRate)}`}>{percent(edge.successRate)}</span>
              <span className="soft">{perSecond(edge.rps)}</span>
            </li>
          ))}
        </ul>
      </>
    );
  return (
    <>
      <h2>
        {health.name} <Badge tone={health.tone}>{health.word}</Badge>
      </h2>
      <FigureRow figures={traffic} />
      <dl className="facts">
        <dt>Ready</dt>
        <dd>
          {health.ready} of {health.desired}
          {traffic && ` · ${traffic.meshed} meshed`}
        </dd>
        <dt>Restarts</dt>
        <dd>{health.restarts}</dd>
        <dt>Connections</dt>
        <dd>{traffic?.tcpConnections ?? "–"}</dd>
      </dl>
      <h3>Instances</h3>
      <ul className="plain">
        {health.instances.map(({ metadata, spec, status }) => (
          <li key={metadata.name}>
            <div className="row">
              <a className="mono" href={linkTo(name, "logs", { instance: metadata.name })}>
                {shortInstance(metadata.name)}
              </a>
              <Badge tone={instanceTone(status?.state)}>{status?.state ?? "Pending"}</Badge>
              <span className="soft">release {spec.release}</span>
            </div>
            {status?.reason && <p className="soft small">{status.reason}</p>}
          </li>
        ))}
        {health.instances.length === 0 && <li className="soft">None.</li>}
      </ul>
      {list("Called by", callers, "caller")}
      {list("Calls", callees, "callee")}
      <p>
        <a href={linkTo(name, "logs", { service: health.name })}>Logs of {health.name}</a>
      </p>
      <LiveTap app={name} to={health.name} />
    </>
  );
}

function Identity({ side, id }: { readonly side: string; readonly id: string }): ReactNode {
  return (
    <>
      <dt>{side}</dt>
      <dd className="mono identity">{id}</dd>
    </>
  );
}

interface EdgeDetailsProps {
  readonly app: App;
  readonly caller: string;
  readonly callee: string;
}

export function EdgeDetails({ app, caller, callee }: EdgeDetailsProps): ReactNode {
  const { edges, history, counted } = useTraffic();
  const key = edgeKey(caller, callee);
  const edge = edges.get(key);
  const since = counted.get(key);
  const { name } = app.metadata;
  const serviceLink = (service: string): ReactNode =>
    service === INGRESS ? service : <a href={linkTo(name, "overview", { service })}>{service}</a>;
  return (
    <>
      <h2>
        {serviceLink(caller)} → {serviceLink(callee)}
      </h2>
      <FigureRow figures={edge} />
      {edge ? (
        <>
          <History samples={history.get(key) ?? []} figures={edge} />
          <dl className="facts">
            <dt>Requests</dt>
            <dd>
              {count(edge.requestsTotal)}{" "}
              <span className="soft">({count(since?.requests ?? 0)} since opened)</span>
            </dd>
            <dt>Failed</dt>
            <dd>
              {count(edge.failuresTotal)}{" "}
              <span className="soft">({count(since?.failures ?? 0)} since opened)</span>
            </dd>
            <dt>Protocol</dt>
            <dd>{protocolText(edge)}</dd>
            <dt>Secured</dt>
            <dd>
              {securedText(edge)}
              {edge.secured === "same-host" && <span className="soft"> (never leaves it)</span>}
            </dd>
            {[edge.clientId, edge.serverId].map(
              (id, index) =>
                id !== null && <Identity key={id} side={index === 0 ? "Caller" : "Callee"} id={id} />,
            )}
          </dl>
        </>
      ) : (
        <p className="soft">No request has gone this way yet.</p>
      )}
      <LiveTap app={name} from={caller} to={callee} />
    </>
  );
}
