import { type App, publishedPorts, type StatusReport } from "@plinth/resource";

export interface AppUrl {
  readonly host: string;
  readonly service: string;
  readonly url: string;
}

/** Where an app is reached from outside: each of its host names at the ingress's address, and what it publishes. */
export function urlsOf(app: App, status: StatusReport): AppUrl[] {
  const ingress = status.listening.find(({ name }) => name === "ingress");
  if (ingress === undefined) return [];
  // What is spoken there is the service's affair, and part of no address.
  const published = publishedPorts(app.spec).map(({ service, address, port }) => ({
    host: address,
    service,
    url: `${reachable(address)}:${port}`,
  }));
  const port = ingress.port === 80 ? "" : `:${ingress.port}`;
  const named = Object.entries(app.spec.ingress ?? {}).map(([host, service]) => {
    // "*" answers for every name: the address itself is one that surely works.
    const name = host === "*" ? reachable(ingress.address) : host;
    return { host, service, url: `http://${name}${port}/` };
  });
  return [...named, ...published];
}

function reachable(address: string): string {
  if (address === "0.0.0.0" || address === "::" || address === "127.0.0.1") return "localhost";
  return address.includes(":") ? `[${address}]` : address;
}
