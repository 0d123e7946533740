/** Releases: what each changed, how it went, and the way back. */
import type { App, Release } from "@plinth/resource";
import type { ReactNode } from "react";
import type { Tone } from "../model/health.ts";
import { changesBetween } from "../model/release-changes.ts";
import { Badge } from "../parts/badge.tsx";
import { FailureDetails, failureSentence } from "../parts/failure.tsx";
import { Rollback } from "../parts/rollback.tsx";
import { Since } from "../parts/since.tsx";
import { type PageProps, useCluster } from "../session.tsx";

type Phase = NonNullable<NonNullable<Release["status"]>["phase"]>;
const tones: Readonly<Record<Phase, Tone>> = {
  Progressing: "busy",
  Active: "good",
  Superseded: "off",
  Failed: "bad",
};

interface RowProps {
  readonly app: App;
  readonly release: Release;
  readonly before: Release | undefined;
}

function ReleaseRow({ app, release, before }: RowProps): ReactNode {
  const { metadata, spec, status } = release;
  const phase = status?.phase ?? "Progressing";
  const changes = changesBetween(before?.spec, spec);
  const active = app.status?.activeRelease === spec.number;
  return (
    <li className={`release ${tones[phase]}`}>
      <div className="row">
        <h2>Release {spec.number}</h2>
        <Badge tone={tones[phase]}>{phase}</Badge>
        <span className="soft">
          {metadata.creationTimestamp && <Since time={metadata.creationTimestamp} suffix=" ago" />}
        </span>
        <span className="push">
          {!active && phase !== "Failed" && phase !== "Progressing" && (
            <Rollback
              app={app}
              to={spec.number}
              body={<p>Its instances are started and get ready before those of today are stopped.</p>}
            />
          )}
        </span>
      </div>
      <ul className="changes">
        {changes.map(({ service, text }) => (
          <li key={service + text}>
            {service && <b>{service} </b>}
            {text}
          </li>
        ))}
        {changes.length === 0 && <li className="soft">Nothing differs from the release before.</li>}
      </ul>
      {status?.failure && (
        <details open={app.status?.failedRelease === spec.number}>
          <summary>
            {failureSentence(status.failure)}
            {active ? "" : "; the release before kept serving"}
          </summary>
          <FailureDetails failure={status.failure} />
        </details>
      )}
    </li>
  );
}

export function ReleasesPage({ app }: PageProps): ReactNode {
  const cluster = useCluster();
  const releases = cluster.releases.filter(({ spec }) => spec.app === app.metadata.name);
  return (
    <section className="card">
      <h1>Releases</h1>
      {releases.length === 0 && <p className="soft">None yet.</p>}
      <ol className="plain releases">
        {releases.map((release, index) => (
          <ReleaseRow key={release.metadata.name} app={app} release={release} before={releases[index + 1]} />
        ))}
      </ol>
    </section>
  );
}
