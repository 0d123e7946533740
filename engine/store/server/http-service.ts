import type { IncomingMessage, ServerResponse } from "node:http";
import { type Page, probe } from "./probes.ts";
import type { Serving } from "./serving.ts";

/** Answers a request of HTTP/1.1, or leaves it; true: it is answered. */
export type HttpRoute = (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;

/**
 * Answers by the first route that takes a request. What a browser asks on a page's behalf is refused: no page has a
 * reason to ask, and one could ask from inside a network for somebody outside.
 */
export function answerHttp(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = URL.parse(request.url ?? "", "http://store");
  if (url === null) return send(response, textPage(400, "Bad Request"));
  if (request.headers.origin !== undefined) return send(response, textPage(403, "Forbidden"));
  if (routes.some((route) => route(request, response, url))) return;
  send(response, textPage(404, "404 page not found"));
}

/** The route of the pages for operators. */
export function probeRoute(serving: Serving): HttpRoute {
  return ({ method }, response, url) => {
    const page = probe(serving, url);
    if (page === undefined) return false;
    if (method === "GET" || method === "HEAD") send(response, page);
    else send(response, { ...textPage(405, "Method Not Allowed"), allow: "GET" });
    return true;
  };
}

export function textPage(status: number, text: string): Page {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}

export function send(
  response: ServerResponse,
  { status, type, body, allow }: Page & { readonly allow?: string },
): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.setHeader("x-content-type-options", "nosniff");
  if (allow !== undefined) response.setHeader("allow", allow);
  response.end(body);
}
