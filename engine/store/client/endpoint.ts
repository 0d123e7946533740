import { Fault } from "@plinth/fault";

/** One member of a cluster, as a client dials it. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where etcd's members serve clients. */
export const ETCD_PORT = 2379;

/** Reads "host", "host:port", "[v6]:port", or one of these behind "http://" or "https://". */
export function parseEndpoint(text: string): Endpoint {
  const bare = text.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/?#@\s]+))(?::(\d{1,5}))?$/.exec(bare);
  const port = match?.[3] === undefined ? ETCD_PORT : Number(match[3]);
  if (match === null || port === 0 || port > 65_535) {
    throw new Fault("invalid", `Cannot use endpoint "${text}": it is not host:port`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

export function endpointText({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
