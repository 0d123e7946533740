import { Fault } from "@plinth/fault";

/** Who a certificate stands for. */
export type Identity =
  | { readonly kind: "service"; readonly app: string; readonly service: string }
  | { readonly kind: "host"; readonly name: string }
  /** The first host's daemon, which joined hosts obey; no host is ever given this one. */
  | { readonly kind: "control" };

/** SPIFFE-ID section 2.1: lower-case letters, digits, dots, dashes and underscores, at most 255 bytes. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
/** Names of apps, services and hosts: the DNS label that every resource's name is. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export function isName(name: string): boolean {
  return NAME.test(name);
}

export function checkTrustDomain(trustDomain: string): string {
  if (!TRUST_DOMAIN.test(trustDomain)) {
    throw new Fault("invalid", `Cannot use trust domain "${trustDomain}": it is not a SPIFFE trust domain`, {
      hint: "Use lower-case letters, digits, dots, dashes and underscores, at most 255.",
    });
  }
  return trustDomain;
}

/** The SPIFFE ID of the trust domain itself, which its roots carry. */
export function trustDomainId(trustDomain: string): string {
  return `spiffe://${trustDomain}`;
}

/** The SPIFFE ID of an identity. Fault "invalid" for a name that could mean something else inside a path. */
export function spiffeIdOf(trustDomain: string, identity: Identity): string {
  return `${trustDomainId(checkTrustDomain(trustDomain))}/${pathOf(identity)}`;
}

function pathOf(identity: Identity): string {
  if (identity.kind === "control") return CONTROL_PATH;
  const names = identity.kind === "host" ? [identity.name] : [identity.app, identity.service];
  for (const name of names) {
    if (!NAME.test(name))
      throw new Fault("invalid", `Cannot name an identity "${name}": it is not a DNS label`);
  }
  return identity.kind === "host"
    ? `host/${identity.name}`
    : `app/${identity.app}/service/${identity.service}`;
}

const CONTROL_PATH = "control";

const SERVICE_PATH = /^app\/([^/]+)\/service\/([^/]+)$/;
const HOST_PATH = /^host\/([^/]+)$/;

/** The identity behind an ID of this trust domain, or undefined when it is not of a form that Plinth gives out. */
export function identityOfSpiffeId(trustDomain: string, spiffeId: string): Identity | undefined {
  const prefix = `${trustDomainId(trustDomain)}/`;
  if (!spiffeId.startsWith(prefix)) return undefined;
  const path = spiffeId.slice(prefix.length);
  if (path === CONTROL_PATH) return { kind: "control" };
  const [, app, service] = SERVICE_PATH.exec(path) ?? [];
  if (app !== undefined && service !== undefined) {
    return NAME.test(app) && NAME.test(service) ? { kind: "service", app, service } : undefined;
  }
  const [, name] = HOST_PATH.exec(path) ?? [];
  return name !== undefined && NAME.test(name) ? { kind: "host", name } : undefined;
}

/** The name by which a client asks for an identity in its TLS hello: host names only are allowed there (RFC 6066). */
export function serverNameOf(identity: Identity): string {
  if (identity.kind === "control") return "control.plinth.internal";
  return identity.kind === "host"
    ? `${identity.name}.host.plinth.internal`
    : `${identity.service}.${identity.app}.app.plinth.internal`;
}
