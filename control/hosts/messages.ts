import type { App, Host, HostStatus, Instance, InstanceStatus, Release, TapFilter } from "@plinth/resource";
import type { TrustBundle } from "@plinth/identity";
import type { ProxyCounters } from "@plinth/stat";

/** Where a host's proxy takes calls of other hosts. */
export interface Door {
  readonly address: string;
  readonly port: number;
}

/** A trust bundle as JSON; roots are DER in base64. */
export interface TrustMessage {
  readonly trustDomain: string;
  readonly sequence: number;
  readonly roots: readonly string[];
}

export interface JoinRequest {
  readonly secret: string;
  /** PKCS #10, DER in base64. */
  readonly csr: string;
}

export interface JoinAnswer extends CertificateMessage {
  readonly trust: TrustMessage;
  /** The first host's name. */
  readonly first: string;
}

export interface CertificateMessage {
  readonly spiffeId: string;
  /** DER in base64, leaf first. */
  readonly certificates: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** All that one joined host has to know, as one value. */
export interface WorldContent {
  readonly trust: TrustMessage;
  readonly hosts: readonly Host[];
  /** Apps that have instances on this host. Of services that do not run there, only what callers must know. */
  readonly apps: readonly App[];
  readonly releases: readonly Release[];
  /** This host's, and those of other hosts that may be called. */
  readonly instances: readonly Instance[];
  /** What the environments of this host's instances hold. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Sent whole whenever it has changed. */
export interface HostWorld extends WorldContent {
  readonly connection: string;
  /** Counts what was sent on this connection, from 1. */
  readonly seq: number;
}

/** What only a host's own proxy and networks can tell. Answered with a line of JSON per event or row. */
export type SightQuestion =
  | { readonly deed: "tap"; readonly filter: TapFilter }
  | { readonly deed: "egress"; readonly app: string | undefined }
  | { readonly deed: "endpoints" };

/** What a host does as a whole. */
export type HostQuestion =
  /** Replaces all its certificates; answers with how many, once its proxy has them. */
  | { readonly deed: "renew" }
  /** Ends all that it runs, and itself; answers before. */
  | { readonly deed: "halt" };

/** Something only one host can do: about its instances, what it sees, or as a whole. */
export type Question =
  | SightQuestion
  | HostQuestion
  | {
      readonly deed: "log";
      readonly instance: string;
      readonly follow: boolean;
      readonly lines: number | undefined;
    }
  | { readonly deed: "exec"; readonly instance: string; readonly command: readonly string[] }
  | { readonly deed: "signal"; readonly instance: string; readonly signal: NodeJS.Signals };

/** What goes to a joined host on its connection. */
export type HostMessage =
  | HostWorld
  | { readonly ask: Question; readonly id: string }
  /** Nobody waits for that answer any more. */
  | { readonly cancel: string };

/** A fault as an answer: JSON in base64, in this header. */
export const FAULT_HEADER = "plinth-fault";

/** What a joined host tells: a heartbeat and the state of what it runs. */
export interface HostReport extends Pick<HostStatus, "version" | "mesh" | "cpus"> {
  /** The world up to which all is in force and drained here; of the connection named. */
  readonly settled: { readonly connection: string; readonly seq: number };
  readonly door: Door;
  /** The trust bundle by whose signing root all its certificates are, or 0. */
  readonly renewed: number;
  readonly instances: Readonly<Record<string, InstanceStatus>>;
  /** What its proxy has counted, if that is known. */
  readonly counters?: ProxyCounters | undefined;
  /** It wants to go: no new instances, and those it has are to be replaced. */
  readonly leaving: boolean;
}

export function trustMessage({ trustDomain, sequence, roots }: TrustBundle): TrustMessage {
  return { trustDomain, sequence, roots: roots.map((root) => root.toString("base64")) };
}

export function trustBundleOf({ trustDomain, sequence, roots }: TrustMessage): TrustBundle {
  return { trustDomain, sequence, roots: roots.map((root) => Buffer.from(root, "base64")) };
}
