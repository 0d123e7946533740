import type { ServiceSpec } from "./kinds.ts";

/** Where a program that Plinth did not start is found. */
export interface ExternalAddress {
  /** An IP address, without brackets, or a host name. */
  readonly host: string;
  readonly port: number;
}

/** The addresses of a service that runs by itself; none for one that Plinth runs. */
export function externalAddresses({ address }: Pick<ServiceSpec, "address">): ExternalAddress[] {
  if (address === undefined) return [];
  return (typeof address === "string" ? [address] : address).map((text) => {
    const colon = text.lastIndexOf(":");
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
  });
}

/** How many instances a service has: as many as are asked for, or as it has addresses. */
export function replicasOf(spec: Pick<ServiceSpec, "address" | "replicas">): number {
  return spec.address === undefined ? (spec.replicas ?? 1) : externalAddresses(spec).length;
}

/** The port that callers dial besides 80; undefined where it has none of its own. */
export function portOf(spec: Pick<ServiceSpec, "address" | "port">): number | undefined {
  return spec.port ?? externalAddresses(spec)[0]?.port;
}
