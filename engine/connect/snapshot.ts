import { isIP, isIPv4 } from "node:net";
import { Fault } from "@plinth/fault";
import type { EgressNames } from "./dns/name-policy.ts";
import type { ServicePolicy } from "./policy.ts";
import { checkTelemetry, type Telemetry } from "./seeing/telemetry.ts";
import { policyProblem } from "./policy-problem.ts";
import { routesProblem, type ServiceRoute } from "./routing/service-route.ts";

/** Where one instance listens. */
export interface Endpoint {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  /** It runs on that other host; address and port are then those of that host's peer listener. */
  readonly host?: string;
}

/** What instances of a service speak. `auto`: each connection tells by its first bytes. */
export type ServiceProtocol = "auto" | "http" | "http2" | "grpc" | "tcp";

export const SERVICE_PROTOCOLS: readonly ServiceProtocol[] = ["auto", "http", "http2", "grpc", "tcp"];

export interface ServiceEndpoints {
  readonly app: string;
  readonly service: string;
  /** It is what the service has on this port, besides its own. */
  readonly extraPort?: number;
  /** Default: http. */
  readonly protocol?: ServiceProtocol;
  /** Those that are ready: requests go to these alone. */
  readonly endpoints: readonly Endpoint[];
  /** How long a request waits while none is ready. */
  readonly holdMs: number;
  /** Why none is ready, for the error a user sees: "2 starting". */
  readonly notReady?: string;
  /** Default: see `ServicePolicy`. */
  readonly policy?: ServicePolicy;
  /** In their order: the first that takes a request decides. Default: none. */
  readonly routes?: readonly ServiceRoute[];
}

/** The address that one caller dials to reach one callee: dialling it says who calls. */
export interface OutboundListener {
  readonly address: string;
  readonly port: number;
  readonly app: string;
  readonly caller: string;
  /** A key of `services`. */
  readonly callee: string;
}

export interface IngressListener {
  readonly address: string;
  readonly port: number;
  /** Host name, or "*" for all others, to a key of `services`. */
  readonly hosts: Readonly<Record<string, string>>;
}

/** A port of the machine that leads to one service from outside, whatever is spoken. */
export interface PublishedListener {
  readonly address: string;
  readonly port: number;
  /** A key of `services`. */
  readonly callee: string;
}

/** The address of one service in transparent mode: whoever dials it is known by the address it comes from. */
export interface VirtualListener {
  readonly address: string;
  readonly port: number;
  /** A key of `services`. */
  readonly callee: string;
}

/** Who has a source address. */
export interface SourceIdentity {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
}

/** The name server of instances with networks of their own. */
export interface NameService {
  readonly address: string;
  readonly port: number;
  /** The host's resolvers, as `ip:port`, for names of the world. */
  readonly upstreams: readonly string[];
  /** Virtual addresses by "app.service". */
  readonly names: Readonly<Record<string, string>>;
  /** The same by other names that an app's services are dialled by, "app.alias"; may have dots. Default: none. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Host names that services may ask for, by "app.service"; without an entry all. */
  readonly egress: Readonly<Record<string, EgressNames>>;
}

/** All that the data plane needs to know, as one value: it is applied whole. */
export interface Snapshot {
  readonly version: number;
  readonly services: Readonly<Record<string, ServiceEndpoints>>;
  readonly outbound: readonly OutboundListener[];
  readonly ingress: readonly IngressListener[];
  /** Default: none. */
  readonly published?: readonly PublishedListener[];
  readonly metrics: { readonly address: string; readonly port: number } | null;
  /** These three are empty in cooperative mode. */
  readonly virtual: readonly VirtualListener[];
  /** By IPv4 address. */
  readonly sources: Readonly<Record<string, SourceIdentity>>;
  readonly dns: NameService | null;
  /** Default: trace headers pass through, and nothing is exported. */
  readonly telemetry?: Telemetry;
  /** Null: this host has no others. */
  readonly peer: PeerDoor | null;
}

/** An instance that runs on this host, for calls from others. */
export interface LocalInstance {
  readonly address: string;
  readonly port: number;
  readonly app: string;
  readonly service: string;
}

/** Where and as whom this host meets the others. */
export interface PeerDoor {
  /** Where its peer listener listens. */
  readonly address: string;
  readonly port: number;
  /** This host's name, the identity of what its ingress calls. */
  readonly host: string;
  /** Every instance that runs on this host by its name, also one that is leaving. */
  readonly instances: Readonly<Record<string, LocalInstance>>;
}

export const emptySnapshot: Snapshot = {
  version: 0,
  services: {},
  outbound: [],
  ingress: [],
  metrics: null,
  virtual: [],
  sources: {},
  dns: null,
  peer: null,
};

/** `address:port`, the name of a listener or an endpoint. */
export function socketName(at: { readonly address: string; readonly port: number }): string {
  return at.address.includes(":") ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`;
}

/** What `socketName` wrote, read back. Fault "invalid" for anything else. */
export function socketAddressOf(name: string): { readonly address: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(name) ?? [];
  const address = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (isIP(address) === 0 || !(port > 0 && port <= 65_535)) {
    throw new Fault("invalid", `Cannot use "${name}": expected ADDRESS:PORT`);
  }
  return { address, port };
}

type Unknown = Readonly<Record<string, unknown>>;

function wrong(path: string, expected: string): never {
  throw new Fault("invalid", `Cannot use snapshot: ${path} is not ${expected}`);
}

function objectAt(value: unknown, path: string): Unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) wrong(path, "an object");
  return value as Unknown;
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) wrong(path, "a list");
  return value;
}

function textAt(value: unknown, path: string): void {
  if (typeof value !== "string" || value === "") wrong(path, "a text");
}

function countAt(value: unknown, path: string, most: number): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    wrong(path, `a whole number up to ${most}`);
  }
}

function socketAt(value: unknown, path: string): Unknown {
  const object = objectAt(value, path);
  textAt(object["address"], `${path}.address`);
  countAt(object["port"], `${path}.port`, 65_535);
  if (object["port"] === 0) wrong(`${path}.port`, "a port");
  return object;
}

const DAY_MS = 86_400_000;

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** Without making a place's name for each of ten thousand; what is wrong with one that is none is told after. */
function isEndpoint(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { instance, address, port, host } = value as Unknown;
  if (!isText(instance) || !isText(address) || (host !== undefined && !isText(host))) return false;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port <= 65_535;
}

/** Checks parsed JSON, so that a wrong snapshot is refused whole instead of breaking requests. */
export function parseSnapshot(value: unknown): Snapshot {
  const snapshot = objectAt(value, "snapshot");
  countAt(snapshot["version"], "version", Number.MAX_SAFE_INTEGER);
  const services = objectAt(snapshot["services"], "services");
  for (const [key, candidate] of Object.entries(services)) {
    const path = `services[${JSON.stringify(key)}]`;
    const service = objectAt(candidate, path);
    textAt(service["app"], `${path}.app`);
    textAt(service["service"], `${path}.service`);
    countAt(service["holdMs"], `${path}.holdMs`, DAY_MS);
    countAt(service["extraPort"] ?? 0, `${path}.extraPort`, 65_535);
    const protocol = service["protocol"] ?? "http";
    if (!SERVICE_PROTOCOLS.some((known) => known === protocol))
      wrong(`${path}.protocol`, `one of ${SERVICE_PROTOCOLS.join(", ")}`);
    const problem = policyProblem(service["policy"]);
    if (problem !== undefined) wrong(`${path}.policy${problem.place}`, problem.expected);
    const routeProblem = routesProblem(service["routes"]);
    if (routeProblem !== undefined) wrong(`${path}.routes${routeProblem.place}`, routeProblem.expected);
    for (const [index, endpoint] of listAt(service["endpoints"], `${path}.endpoints`).entries()) {
      if (isEndpoint(endpoint)) continue;
      const place = `${path}.endpoints[${index}]`;
      const { instance, host } = socketAt(endpoint, place) as Partial<Endpoint>;
      textAt(instance, `${place}.instance`);
      if (host !== undefined) textAt(host, `${place}.host`);
    }
  }
  const taken = new Set<string>();
  const claim = (listener: Unknown, path: string): void => {
    const name = socketName(listener as { address: string; port: number });
    if (taken.has(name)) wrong(path, `alone on ${name}`);
    taken.add(name);
  };
  const known = (key: unknown, path: string): void => {
    if (typeof key !== "string" || !Object.hasOwn(services, key)) wrong(path, "a key of services");
  };
  for (const [index, candidate] of listAt(snapshot["outbound"], "outbound").entries()) {
    const path = `outbound[${index}]`;
    const listener = socketAt(candidate, path);
    textAt(listener["app"], `${path}.app`);
    textAt(listener["caller"], `${path}.caller`);
    known(listener["callee"], `${path}.callee`);
    claim(listener, path);
  }
  for (const [index, candidate] of listAt(snapshot["ingress"], "ingress").entries()) {
    const path = `ingress[${index}]`;
    const listener = socketAt(candidate, path);
    const hosts = objectAt(listener["hosts"], `${path}.hosts`);
    for (const [host, key] of Object.entries(hosts)) known(key, `${path}.hosts[${JSON.stringify(host)}]`);
    claim(listener, path);
  }
  for (const [index, candidate] of listAt(snapshot["published"] ?? [], "published").entries()) {
    const path = `published[${index}]`;
    const listener = socketAt(candidate, path);
    known(listener["callee"], `${path}.callee`);
    claim(listener, path);
  }
  if (snapshot["metrics"] !== null) claim(socketAt(snapshot["metrics"], "metrics"), "metrics");
  // Snapshots that an earlier version has stored know no transparent mode.
  const virtual = snapshot["virtual"] ?? [];
  for (const [index, candidate] of listAt(virtual, "virtual").entries()) {
    const path = `virtual[${index}]`;
    const listener = socketAt(candidate, path);
    known(listener["callee"], `${path}.callee`);
    claim(listener, path);
  }
  const sources = objectAt(snapshot["sources"] ?? {}, "sources");
  for (const [address, candidate] of Object.entries(sources)) {
    const path = `sources[${JSON.stringify(address)}]`;
    const source = objectAt(candidate, path);
    if (!isIPv4(address)) wrong(path, "at an IPv4 address");
    for (const key of ["app", "service", "instance"]) textAt(source[key], `${path}.${key}`);
  }
  checkTelemetry(snapshot["telemetry"]);
  const dns = snapshot["dns"] ?? null;
  if (dns !== null) claim(nameServiceAt(dns), "dns");
  // Nor do they know of other hosts.
  const peer = snapshot["peer"] ?? null;
  if (peer !== null) claim(peerDoorAt(peer), "peer");
  return { ...(value as Snapshot), virtual, sources, dns, peer } as Snapshot;
}

function peerDoorAt(value: unknown): Unknown {
  const peer = socketAt(value, "peer");
  textAt(peer["host"], "peer.host");
  for (const [name, candidate] of Object.entries(objectAt(peer["instances"], "peer.instances"))) {
    const path = `peer.instances[${JSON.stringify(name)}]`;
    const instance = socketAt(candidate, path);
    for (const key of ["app", "service"]) textAt(instance[key], `${path}.${key}`);
  }
  return peer;
}

function nameServiceAt(value: unknown): Unknown {
  const dns = socketAt(value, "dns");
  for (const [index, upstream] of listAt(dns["upstreams"], "dns.upstreams").entries()) {
    textAt(upstream, `dns.upstreams[${index}]`);
    socketAddressOf(upstream as string);
  }
  for (const list of ["names", "aliases"]) {
    for (const [key, address] of Object.entries(objectAt(dns[list] ?? {}, `dns.${list}`))) {
      if (typeof address !== "string" || !isIPv4(address))
        wrong(`dns.${list}[${JSON.stringify(key)}]`, "an IPv4 address");
    }
  }
  for (const [key, candidate] of Object.entries(objectAt(dns["egress"], "dns.egress"))) {
    const path = `dns.egress[${JSON.stringify(key)}]`;
    const policy = objectAt(candidate, path);
    if (policy["default"] !== "allow" && policy["default"] !== "deny")
      wrong(`${path}.default`, "allow or deny");
    for (const list of ["allow", "deny"]) {
      for (const [index, entry] of listAt(policy[list], `${path}.${list}`).entries())
        textAt(entry, `${path}.${list}[${index}]`);
    }
  }
  return dns;
}
