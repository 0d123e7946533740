/** What a call speaks and how it is secured, in few words. */
import type { EdgeStat } from "@plinth/resource";

const SECURED: Readonly<Record<EdgeStat["secured"], string>> = {
  mtls: "mutual TLS",
  "same-host": "same host",
  mixed: "partly mutual TLS",
};

export function protocolText({ protocols }: EdgeStat): string {
  return protocols.join(", ") || "–";
}

export function securedText({ secured }: EdgeStat): string {
  return SECURED[secured];
}

/** For a label on the graph, where room is short. */
export function edgeWords(edge: EdgeStat): string {
  const sign = edge.secured === "mtls" ? "√ mTLS" : edge.secured === "mixed" ? "√ partly" : "same host";
  return `${edge.protocols.map((protocol) => protocol.replace("/1.1", "")).join(", ")} · ${sign}`;
}
