/** What stands around every page: where one is, whether the picture is fresh, and what is wrong. */
import type { App } from "@plinth/resource";
import { type ReactNode, useEffect, useRef } from "react";
import { appTone } from "./model/health.ts";
import type { Cluster } from "./model/cluster.ts";
import { LogsPage } from "./pages/logs.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ReleasesPage } from "./pages/releases.tsx";
import { ServicesPage } from "./pages/services.tsx";
import { StatusPage } from "./pages/status.tsx";
import { Badge } from "./parts/badge.tsx";
import { Command, Empty } from "./parts/empty.tsx";
import { failureSentence } from "./parts/failure.tsx";
import { Rollback } from "./parts/rollback.tsx";
import { linkTo, navigate, type Page, pages, useRoute } from "./route.ts";
import { type PageProps, TrafficProvider, useCluster } from "./session.tsx";
import { type Theme, useTheme } from "./theme.ts";

const titles: Readonly<Record<Page, string>> = {
  overview: "Overview",
  services: "Services",
  logs: "Logs",
  releases: "Releases",
  status: "Status",
};
const themeSymbols: Readonly<Record<Theme, string>> = { system: "◐", light: "☀", dark: "☾" };

function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="5" y="4" width="22" height="5" rx="1.5" />
      <rect x="9" y="11" width="14" height="11" rx="1.5" opacity=".6" />
      <rect x="3" y="24" width="26" height="5" rx="1.5" />
    </svg>
  );
}

function ThemeButton(): ReactNode {
  const { theme, next } = useTheme();
  return (
    <button
      type="button"
      className="button quiet icon"
      onClick={next}
      aria-label={`Theme: ${theme}`}
      title={`Theme: ${theme}`}
    >
      {themeSymbols[theme]}
    </button>
  );
}

interface HeaderProps {
  readonly apps: readonly App[];
  readonly app: App | undefined;
  readonly page: Page;
}

function Header({ apps, app, page }: HeaderProps): ReactNode {
  const phase = app?.status?.phase;
  return (
    <header className="top">
      <a className="brand" href={linkTo(app?.metadata.name, "overview")}>
        <Mark />
        Plinth
      </a>
      {app && (
        <div className="app">
          {apps.length > 1 ? (
            <select
              aria-label="App"
              value={app.metadata.name}
              onChange={(event) => navigate(linkTo(event.target.value, page))}
            >
              {apps.map(({ metadata }) => (
                <option key={metadata.name}>{metadata.name}</option>
              ))}
            </select>
          ) : (
            <b>{app.metadata.name}</b>
          )}
          <Badge tone={appTone(phase)}>{phase ?? "New"}</Badge>
        </div>
      )}
      <nav aria-label="Pages">
        {pages.map((name) => (
          <a
            key={name}
            href={linkTo(app?.metadata.name, name)}
            aria-current={name === page ? "page" : undefined}
          >
            {titles[name]}
          </a>
        ))}
      </nav>
      <ThemeButton />
    </header>
  );
}

function ConnectionBanner({ cluster }: { readonly cluster: Cluster }): ReactNode {
  if (cluster.connection === "reconnecting") {
    return (
      <div className="banner warn">
        <span className="spinner" aria-hidden="true" />
        <p>
          <b>Reconnecting…</b> {cluster.trouble}. Your services and the proxy keep running without the daemon;
          this page goes on by itself.
        </p>
      </div>
    );
  }
  if (cluster.connection === "signed-out") {
    return (
      <div className="banner warn">
        <p>
          <b>This session has ended.</b> Open a new one:
        </p>
        <Command>plinth open</Command>
      </div>
    );
  }
  return null;
}

function FailureBanner({ app }: { readonly app: App }): ReactNode {
  const { failure, failedRelease, activeRelease } = app.status ?? {};
  if (failure === undefined || failedRelease === undefined) return null;
  const { name } = app.metadata;
  return (
    <div className="banner bad">
      <div>
        <p>
          <b>
            Release {failedRelease} was halted: {failureSentence(failure)}
            {failure.exitCode === undefined ? "" : ` (exit code ${failure.exitCode})`}.
          </b>{" "}
          {activeRelease === undefined ? "Nothing serves yet." : `Release ${activeRelease} keeps serving.`}
        </p>
        <p className="mono cut">{failure.log?.at(-1) ?? failure.probe ?? failure.message}</p>
      </div>
      <span className="row">
        <a className="button" href={linkTo(name, "releases")}>
          See why
        </a>
        {activeRelease !== undefined && (
          <Rollback
            app={app}
            to={activeRelease}
            label="Undo"
            body={<p>What serves already is kept as it is; the halted release is given up.</p>}
          />
        )}
      </span>
    </div>
  );
}

const contents: Readonly<Record<Page, (props: PageProps) => ReactNode>> = {
  overview: OverviewPage,
  services: ServicesPage,
  logs: LogsPage,
  releases: ReleasesPage,
  status: StatusPage,
};

function NoApp({ cluster }: { readonly cluster: Cluster }): ReactNode {
  if (cluster.connection === "connecting") return <Empty title="Loading…" />;
  if (cluster.connection !== "live") return <Empty title="Waiting for the daemon" />;
  return (
    <Empty title="No app runs here yet">
      <p>In a directory with a plinth.config.ts, .yaml or .json:</p>
      <Command>plinth up</Command>
      <p>To begin a new one:</p>
      <Command>plinth init</Command>
      <p className="soft">This page shows it as soon as it is there.</p>
    </Empty>
  );
}

export function Shell(): ReactNode {
  const route = useRoute();
  const cluster = useCluster();
  const main = useRef<HTMLElement>(null);
  const app = cluster.apps.find(({ metadata }) => metadata.name === route.app) ?? cluster.apps[0];
  const { page } = route;
  const Content = contents[page];

  useEffect(() => {
    document.title = `${titles[page]}${app ? ` · ${app.metadata.name}` : ""} · Plinth`;
  }, [page, app]);

  return (
    <>
      <a className="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the page
      </a>
      <Header apps={cluster.apps} app={app} page={page} />
      <div className="banners" role="status">
        <ConnectionBanner cluster={cluster} />
        {app && <FailureBanner app={app} />}
      </div>
      <main ref={main} id="main" tabIndex={-1}>
        {app === undefined ? (
          page === "status" ? (
            <StatusPage />
          ) : (
            <NoApp cluster={cluster} />
          )
        ) : (
          // Around the status page too: what is counted since the page opened goes on while another page shows.
          <TrafficProvider key={app.metadata.name} app={app.metadata.name}>
            <Content app={app} />
          </TrafficProvider>
        )}
      </main>
    </>
  );
}
