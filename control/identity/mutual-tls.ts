import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from "node:tls";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type Identity, serverNameOf, spiffeIdOf } from "./spiffe-id.ts";
import type { Svid, SvidKeeper } from "./svid-keeper.ts";
import type { TrustBundle } from "./trust-bundle.ts";
import { type SvidVerdict, verifySvid } from "./verify-svid.ts";
import { pemOf } from "./x509.ts";

/** Whoever has SVIDs to connect with: the keeper that renews them, or a process that they were given to. */
export interface SvidHolder {
  readonly clock: Pick<Clock, "now">;
  readonly bundle: TrustBundle;
  /** The SVID to use now, if there is one. */
  svid(spiffeId: string): Svid | undefined;
}

/** Both ends are ours, so that nothing older has to be understood. */
const VERSIONS = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" } as const;

function credentials(svid: Svid, bundle: TrustBundle): SecureContextOptions {
  return {
    ...VERSIONS,
    cert: svid.certificates.map((each) => pemOf("CERTIFICATE", each)).join(""),
    key: svid.privateKey.export({ type: "pkcs8", format: "pem" }),
    ca: rootsOf(bundle),
  };
}

const rootsOf = (bundle: TrustBundle): string[] => bundle.roots.map((root) => pemOf("CERTIFICATE", root));

function credentialsOf(keeper: SvidHolder, identity: Identity): SecureContextOptions {
  const spiffeId = spiffeIdOf(keeper.bundle.trustDomain, identity);
  const svid = keeper.svid(spiffeId);
  if (svid === undefined) throw new Fault("unavailable", `No certificate for "${spiffeId}" yet`);
  return credentials(svid, keeper.bundle);
}

/**
 * Options of a TLS server that answers for the given identities by the name the client asks for, and by the first
 * for clients that ask for none. Pass every new socket to `peerOf` before a byte of it is believed.
 */
export function serverTlsOptions(keeper: SvidHolder, identities: readonly Identity[]): TlsOptions {
  const [first] = identities;
  if (first === undefined) throw new Fault("invalid", "A TLS server needs an identity");
  const byName = new Map(
    identities.map((each) => [serverNameOf(each), spiffeIdOf(keeper.bundle.trustDomain, each)]),
  );
  const contexts = new Map<string, { svid: Svid; bundle: TrustBundle; context: SecureContext }>();
  return {
    ...credentialsOf(keeper, first),
    requestCert: true,
    rejectUnauthorized: true,
    SNICallback(name, answer) {
      const spiffeId = byName.get(name);
      const svid = spiffeId === undefined ? undefined : keeper.svid(spiffeId);
      if (spiffeId === undefined || svid === undefined) {
        answer(new Fault("not-found", `No certificate for the name "${name}"`));
        return;
      }
      const { bundle } = keeper;
      let held = contexts.get(spiffeId);
      if (held === undefined || held.svid !== svid || held.bundle !== bundle) {
        held = { svid, bundle, context: createSecureContext(credentials(svid, bundle)) };
        contexts.set(spiffeId, held);
      }
      answer(null, held.context);
    },
  };
}

/** Gives new handshakes the newest certificate and bundle; connections that stand are left alone. */
export function followKeeper(server: Server, keeper: SvidKeeper, identity: Identity): Disposable {
  const leave = keeper.subscribe(() => {
    const svid = keeper.svid(spiffeIdOf(keeper.bundle.trustDomain, identity));
    if (svid !== undefined) server.setSecureContext(credentials(svid, keeper.bundle));
  });
  return { [Symbol.dispose]: leave };
}

/** Who is at the other end of a connection of ours, by our own verification; also of a resumed session. */
export function peerOf(socket: TLSSocket, keeper: SvidHolder, role: "client" | "server"): SvidVerdict {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  const chain = raw === undefined ? [] : [raw];
  return verifySvid(chain, keeper.bundle, { now: keeper.clock.now(), role });
}

/**
 * Options for a connection from one identity, or from nobody yet, to another. The peer is known by its SPIFFE ID instead of a DNS name.
 * No session is resumed, since that would leave the check of the server out. In TLS 1.3 a client is done before the
 * server has looked at its certificate: a refusal comes with the first read.
 */
export function clientTlsOptions(
  keeper: SvidHolder,
  own: Identity | undefined,
  peer: Identity,
): ConnectionOptions {
  const expected = spiffeIdOf(keeper.bundle.trustDomain, peer);
  const ownCredentials =
    own === undefined ? { ...VERSIONS, ca: rootsOf(keeper.bundle) } : credentialsOf(keeper, own);
  return {
    ...ownCredentials,
    rejectUnauthorized: true,
    servername: serverNameOf(peer),
    checkServerIdentity(_name, { raw }) {
      const verdict = verifySvid([raw], keeper.bundle, { now: keeper.clock.now(), role: "server" });
      if (verdict.accepted && verdict.spiffeId === expected) return undefined;
      const state = verdict.accepted ? `it is "${verdict.spiffeId}"` : `its certificate is ${verdict.reason}`;
      return new Fault("forbidden", `Cannot trust the peer as "${expected}": ${state}`);
    },
  };
}
