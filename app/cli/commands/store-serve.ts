import { createHash } from "node:crypto";
import { once } from "node:events";
import { messageOf } from "@plinth/fault";
import { parseDurationMs } from "@plinth/resource";
import { createEtcdServer, openMvcc, type Retention } from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { listeningOf, listenOn, rootPasswordOf, tlsFilesOf, urlsOf } from "../store-listening.ts";

const LISTEN_DEFAULT = "http://127.0.0.1:2379";
/** etcd tells where members meet; this one meets nobody, and tools want to print something. */
const PEER_URL = "http://localhost:2380";
const HOUR_MS = 3_600_000;
/** The store's default, told in /metrics. */
const QUOTA_BYTES_DEFAULT = 2 * 2 ** 30;

/** Serves until interrupted, then lets calls under way end. */
export async function run(context: Context): Promise<void> {
  const { clock, output, signal } = context;
  const directory = context.text("data-dir");
  if (directory === undefined) throw new UsageFault("Cannot serve: --data-dir is not given", context.words);
  const listenUrls = urlsOf(context, "listen-client-urls") ?? [LISTEN_DEFAULT];
  const clients = listenUrls.map((url) => listeningOf(context, url));
  const metrics = (urlsOf(context, "listen-metrics-urls") ?? []).map((url) => listeningOf(context, url));
  const files = tlsFilesOf(context, clients, metrics);
  const rootPassword = await rootPasswordOf(context);
  const name = context.text("name") ?? "default";
  const quotaBytes = context.number("quota-backend-bytes");
  const operationsMax = context.number("max-txn-ops");
  const requestBytesMax = context.number("max-request-bytes");
  const retention = retentionOf(context);
  if (context.text("snapshot-count") !== undefined) {
    output.note("--snapshot-count is ignored: the log is brought over by its size, not by its entries.");
  }

  await using lifetime = new AsyncDisposableStack();
  const store = lifetime.use(
    await openMvcc(directory, {
      clock,
      retention,
      // etcd's 0 stands for its default.
      ...(quotaBytes === undefined || quotaBytes === 0 ? {} : { quotaBytes }),
      ...(operationsMax === undefined ? {} : { operationsMax }),
      onReadOnly: (reason) =>
        reason === undefined
          ? output.note("Writes are taken again.")
          : output.error(`Writes are refused: ${reason}`),
    }),
  );
  const etcd = lifetime.use(
    createEtcdServer({
      store,
      clock,
      name,
      clusterId: idOf(`cluster ${name}`),
      memberId: idOf(`member ${name}`),
      peerUrls: [PEER_URL],
      clientUrls: urlsOf(context, "advertise-client-urls") ?? listenUrls,
      clientCertAuth: context.is("client-cert-auth"),
      quotaBytes: quotaBytes === undefined || quotaBytes === 0 ? QUOTA_BYTES_DEFAULT : quotaBytes,
      ...(requestBytesMax === undefined ? {} : { requestBytesMax }),
      onError: (path, error) => output.error(`${path} failed: ${messageOf(error)}`),
    }),
  );
  if (rootPassword !== undefined) await etcd.enableAuth(rootPassword.text, rootPassword.replaces);
  const onError = (error: unknown): void => output.error(`The certificates in use stay: ${messageOf(error)}`);
  for (const each of clients) {
    lifetime.use(await listenOn(each, { files, onError, onSocket: (socket) => etcd.serve(socket) }));
  }
  for (const each of metrics) {
    lifetime.use(await listenOn(each, { files, onError, onSocket: (socket) => etcd.serveMetrics(socket) }));
  }
  output.note(`ready to serve client requests on ${listenUrls.join(", ")}`);
  if (!signal.aborted) await once(signal, "abort");
}

/** What etcd's two flags ask for together. */
function retentionOf(context: Context): Retention {
  const kept = context.text("auto-compaction-retention") ?? "0";
  const isNumber = /^\d{1,9}$/.test(kept);
  if (isNumber && Number(kept) === 0) return "off";
  if (context.text("auto-compaction-mode") === "revision") {
    if (isNumber) return { revisions: Number(kept) };
  } else if (isNumber) {
    return { milliseconds: Number(kept) * HOUR_MS };
  } else if (/^\d{1,9}(ms|s|m|h)$/.test(kept)) {
    return { milliseconds: parseDurationMs(kept) };
  }
  throw new UsageFault(
    `Cannot keep ${JSON.stringify(kept)} of history: expected a whole number or a duration such as 30m`,
    context.words,
  );
}

/** The same for the same name, so that clients meet the same member after a restart. */
function idOf(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64BE();
}
