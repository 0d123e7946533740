import type { IncomingMessage } from "node:http";
import { Fault } from "@plinth/fault";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses what a web page of somebody else could send: a name that was rebound to this address arrives with a foreign
 * Host, and a page's requests with its own Origin. `address` is what the listener was told to listen on.
 */
export function checkHostAndOrigin(request: IncomingMessage, address: string): void {
  const host = request.headers.host ?? "";
  const [, name] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?$/.exec(host) ?? [];
  const own = address.includes(":") ? `[${address}]` : address;
  if (name === undefined || ![...loopbackNames, own].includes(name.toLowerCase())) {
    throw new Fault("forbidden", `Cannot answer for host ${JSON.stringify(host.slice(0, 80))}`, {
      hint: "Use http://127.0.0.1 or http://localhost.",
    });
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new Fault("forbidden", `Cannot answer requests from origin ${JSON.stringify(origin.slice(0, 80))}`);
  }
}

/** Cookies are sent for every port of a host, so a page on another port could act with the session: it may not. */
export function checkFetchSite(request: IncomingMessage): void {
  const site = request.headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  throw new Fault("forbidden", "Cannot take the session of a page from elsewhere");
}
