import type { Exposition } from "@plinth/metrics";
import type { TcpCounts } from "../tcp-counts.ts";
import type { CertificateLife } from "./peer-security.ts";
import type { PeerCounts } from "./peer-counts.ts";

/** What there is to tell of the mesh between hosts. */
export interface PeerFigures {
  readonly links: { readonly size: number };
  readonly counts: PeerCounts;
  readonly open: number;
  readonly certificates: readonly CertificateLife[];
}

/** Connections and bytes of callers on other hosts, by who they are: Linkerd's labels of what comes by mutual TLS. */
export function peerTcp(counts: PeerCounts): (readonly [Record<string, string>, TcpCounts])[] {
  return counts.all().map(({ callerId, app, service, tcp }) => {
    const callee = { dst_app: app, dst_service: service };
    return [{ direction: "inbound", peer: "src", tls: "true", client_id: callerId, ...callee }, tcp];
  });
}

/** Links, and what was refused of them. */
export function peerMetrics(text: Exposition, { links, counts, open, certificates }: PeerFigures): void {
  text.family(
    "identity_cert_expiration_timestamp_seconds",
    "gauge",
    "When the certificate this proxy has for an identity ends, in Unix time.",
  );
  for (const { id, notAfterMs } of certificates) text.sample({ id }, notAfterMs / 1_000);
  text.family("outbound_peer_links", "gauge", "Links to other hosts that are open or being opened.");
  text.sample({}, links.size);
  text.family("inbound_peer_links", "gauge", "Links from other hosts that are open.");
  text.sample({}, open);
  text.family("inbound_peer_links_total", "counter", "Links that other hosts have made.");
  text.sample({}, counts.links.openTotal);
  text.family(
    "inbound_peer_refusals_total",
    "counter",
    "Links and connections of other hosts that were refused.",
  );
  for (const [error, count] of counts.refusals) text.sample({ error }, count);
}
