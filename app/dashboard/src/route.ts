/** Pages live in the address's fragment, so that any server of plain files can serve them. */
import { useSyncExternalStore } from "react";

export const pages = ["overview", "services", "logs", "releases", "status"] as const;
export type Page = (typeof pages)[number];

export interface Route {
  /** Undefined until there is an app, or one has been chosen. */
  readonly app: string | undefined;
  readonly page: Page;
  /** What is chosen on the page: a service, an instance, an edge. */
  readonly query: URLSearchParams;
}

/** `#/APP/PAGE?…` */
export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#?\/?/, "").split("?");
  const [app = "", page = ""] = path.split("/");
  return {
    app: app === "" ? undefined : decodeURIComponent(app),
    page: pages.find((known) => known === page) ?? "overview",
    query: new URLSearchParams(query),
  };
}

export function linkTo(
  app: string | undefined,
  page: Page,
  query: Readonly<Record<string, string>> = {},
): string {
  const search = new URLSearchParams(query).toString();
  return `#/${encodeURIComponent(app ?? "")}/${page}${search ? `?${search}` : ""}`;
}

export function navigate(link: string): void {
  window.location.hash = link;
}

/** Changes what is chosen without another entry in the history. */
export function replace(link: string): void {
  window.history.replaceState(null, "", link);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}
