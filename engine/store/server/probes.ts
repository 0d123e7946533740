import { Exposition } from "@plinth/metrics";
import { EMULATED_VERSION } from "./member.ts";
import type { Serving } from "./serving.ts";

/** What is answered to a plain GET. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** The key etcd looks for, which need not be there: what counts is that it can be looked for. */
const HEALTH_KEY = "health";

/** Answers etcd's pages for operators; undefined for any other path. */
export function probe(serving: Serving, { pathname, searchParams }: URL): Page | undefined {
  switch (pathname) {
    case "/health": {
      const reason = unhealthy(serving, searchParams.getAll("exclude"));
      return json(reason === "" ? 200 : 503, { health: String(reason === ""), reason });
    }
    case "/livez":
      return text(200, "ok\n");
    case "/readyz": {
      const reason = unhealthy(serving, ["NOSPACE"]);
      return reason === "" ? text(200, "ok\n") : text(503, `${reason}\n`);
    }
    case "/version":
      return json(200, { etcdserver: EMULATED_VERSION, etcdcluster: EMULATED_VERSION });
    case "/metrics":
      return { status: 200, type: Exposition.contentType, body: serving.metrics.text() };
    default:
      return undefined;
  }
}

/** Why nobody should be sent here; empty where there is no reason. Alarms that are excluded do not count. */
function unhealthy({ alarms, store }: Serving, excluded: readonly string[]): string {
  const alarm = alarms.names.find((name) => !excluded.includes(name));
  if (alarm !== undefined) return `ALARM ${alarm}`;
  try {
    store.range({ key: HEALTH_KEY });
    return "";
  } catch {
    return "RANGE ERROR";
  }
}

function text(status: number, body: string): Page {
  return { status, type: "text/plain; charset=utf-8", body };
}

function json(status: number, value: object): Page {
  return { status, type: "application/json", body: JSON.stringify(value) };
}
