import type { AppSpec } from "./kinds.ts";

/** A port of the machine under which a service is reached from outside. */
export interface PublishedPort {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  readonly port: number;
  /** Which of the service's ports; undefined is its own. */
  readonly target: number | undefined;
}

/** Without an address a port is for this machine alone. */
const LOOPBACK = "127.0.0.1";

/** Reads "PORT", "ADDRESS:PORT", either with ":TARGET"; the schema has checked the text, but not that ports exist. */
export function publishedPort(text: string): PublishedPort {
  const [, bracketed, plain, port, target] =
    /^(?:(?:\[([^\]]+)\]|([0-9]+(?:\.[0-9]+){3})):)?([0-9]+)(?::([0-9]+))?$/.exec(text) ?? [];
  return {
    address: bracketed ?? plain ?? LOOPBACK,
    port: Number(port),
    target: target === undefined ? undefined : Number(target),
  };
}

/** The ports that an app publishes, with whose they are. */
export function publishedPorts({
  services,
}: Pick<AppSpec, "services">): (PublishedPort & { readonly service: string })[] {
  return Object.entries(services).flatMap(([service, { publish = [] }]) =>
    publish.map((text) => ({ ...publishedPort(text), service })),
  );
}

type Place = Pick<PublishedPort, "address" | "port">;

const isWide = ({ address }: Place): boolean => address === "0.0.0.0" || address === "::";

/** Whether both cannot be listened on at the same time. */
export function portsMeet(one: Place, other: Place): boolean {
  return one.port === other.port && (one.address === other.address || isWide(one) || isWide(other));
}
