/** Services and their instances: state and why, restarts, release, what they use. */
import type { Instance } from "@plinth/resource";
import { Fragment, type ReactNode } from "react";
import { bytes, cpu, milliseconds, percent, perSecond, shortInstance } from "../format.ts";
import { instanceTone, type ServiceHealth, serviceHealth, successTone } from "../model/health.ts";
import { plainText } from "../model/log-buffer.ts";
import { Badge } from "../parts/badge.tsx";
import { Since } from "../parts/since.tsx";
import { linkTo } from "../route.ts";
import { type PageProps, useCluster, useTraffic } from "../session.tsx";

const COLUMNS = [
  "Instance",
  "State",
  "Restarts",
  "Release",
  "Memory",
  "CPU",
  "Up",
  "Address",
  "Exit",
  "Last probe",
];
/** Left out where each instance is a card. */
const NONE = "–";
const NUMBERS = new Set(["Restarts", "Release", "Memory", "CPU", "Up", "Exit"]);

function Warnings({ instance }: { readonly instance: Instance }): ReactNode {
  const { exposed, notices } = instance.status ?? {};
  if (exposed === undefined && (notices === undefined || notices.length === 0)) return null;
  return (
    <tr className="notices">
      <td colSpan={COLUMNS.length}>
        {exposed !== undefined && (
          <p className="text-warn">
            ▲ Listens on {exposed}: reachable from beyond this machine. Bind to HOST (127.0.0.1) instead.
          </p>
        )}
        {notices?.map((notice) => (
          <p key={notice} className="text-warn">
            ▲ {notice}
          </p>
        ))}
      </td>
    </tr>
  );
}

function InstanceRow({ instance, app }: { readonly instance: Instance; readonly app: string }): ReactNode {
  const { usage } = useTraffic();
  const { metadata, spec, status } = instance;
  const used = usage.get(metadata.name);
  const cells: readonly ReactNode[] = [
    <a key="name" className="mono" href={linkTo(app, "logs", { instance: metadata.name })}>
      {shortInstance(metadata.name)}
    </a>,
    <Fragment key="state">
      <Badge tone={instanceTone(status?.state)}>{status?.state ?? "Pending"}</Badge>
      {status?.reason && <div className="soft small reason">{plainText(status.reason)}</div>}
    </Fragment>,
    status?.restarts ?? 0,
    spec.release,
    bytes(used?.memoryBytes),
    cpu(used?.cpus),
    status?.startedAt === undefined ? NONE : <Since key="up" time={status.startedAt} />,
    status?.address === undefined ? (
      NONE
    ) : (
      <span key="address" className="mono">
        {status.address}
      </span>
    ),
    status?.exitCode ?? NONE,
    status?.probe === undefined ? (
      NONE
    ) : (
      <span key="probe" className="small reason">
        {plainText(status.probe)}
      </span>
    ),
  ];
  return (
    <>
      <tr>
        {cells.map((cell, index) => {
          const column = COLUMNS[index]!;
          return (
            <td
              key={column}
              data-label={column}
              className={`${NUMBERS.has(column) ? "number" : ""} ${cell === NONE ? "none" : ""}`}
            >
              {cell}
            </td>
          );
        })}
      </tr>
      <Warnings instance={instance} />
    </>
  );
}

function ServiceRows({ app, health }: { readonly app: string; readonly health: ServiceHealth }): ReactNode {
  const traffic = useTraffic().services.get(health.name);
  return (
    <tbody>
      <tr className="group">
        <th scope="rowgroup" colSpan={COLUMNS.length}>
          <span className="row">
            <a href={linkTo(app, "overview", { service: health.name })}>{health.name}</a>
            <Badge tone={health.tone}>{health.word}</Badge>
            <span className="soft">
              {health.ready}/{health.desired} ready
            </span>
            {traffic && traffic.rps !== null && (
              <span className="soft">
                <span className={`text-${successTone(traffic.successRate)}`}>
                  {percent(traffic.successRate)}
                </span>
                {" · "}
                {perSecond(traffic.rps)} · p95 {milliseconds(traffic.latencyP95Ms)}
              </span>
            )}
          </span>
        </th>
      </tr>
      {health.instances.map((instance) => (
        <InstanceRow key={instance.metadata.name} instance={instance} app={app} />
      ))}
    </tbody>
  );
}

export function ServicesPage({ app }: PageProps): ReactNode {
  const { instances } = useCluster();
  const { name } = app.metadata;
  return (
    <section className="card">
      <h1>Services and instances</h1>
      <div className="scroll">
        <table className="stacking">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col" className={NUMBERS.has(column) ? "number" : undefined}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          {serviceHealth(app, instances).map((health) => (
            <ServiceRows key={health.name} app={name} health={health} />
          ))}
        </table>
      </div>
    </section>
  );
}
