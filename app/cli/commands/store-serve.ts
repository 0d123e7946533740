import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { messageOf } from "@plinth/fault";
import { parseDurationMs } from "@plinth/resource";
import { createEtcdServer, openMvcc, type Retention } from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";

const LISTEN_DEFAULT = "http://127.0.0.1:2379";
/** etcd tells where members meet; this one meets nobody, and tools want to print something. */
const PEER_URL = "http://localhost:2380";
const HOUR_MS = 3_600_000;

/** Serves until interrupted, then lets calls under way end. */
export async function run(context: Context): Promise<void> {
  const { clock, output, signal } = context;
  const directory = context.text("data-dir");
  if (directory === undefined) throw new UsageFault("Cannot serve: --data-dir is not given", context.words);
  const listenUrls = urlsOf(context, "listen-client-urls") ?? [LISTEN_DEFAULT];
  const addresses = listenUrls.map((url) => addressOf(context, url));
  const name = context.text("name") ?? "default";
  const quotaBytes = context.number("quota-backend-bytes");
  const operationsMax = context.number("max-txn-ops");
  const requestBytesMax = context.number("max-request-bytes");
  const retention = retentionOf(context);
  if (context.text("snapshot-count") !== undefined) {
    output.note("--snapshot-count is ignored: there is no log to cut off.");
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
      ...(requestBytesMax === undefined ? {} : { requestBytesMax }),
      onError: (path, error) => output.error(`${path} failed: ${messageOf(error)}`),
    }),
  );
  for (const { host, port } of addresses) {
    lifetime.use(await listen(host, port, (socket) => etcd.serve(socket)));
  }
  output.note(`ready to serve client requests on ${listenUrls.join(", ")}`);
  if (!signal.aborted) await once(signal, "abort");
}

/** The connections are their server's to close. */
async function listen(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable> {
  const listener: Server = createServer({ noDelay: true }, onSocket).listen(port, host);
  await once(listener, "listening");
  return {
    [Symbol.asyncDispose]: async () => {
      listener.close();
    },
  };
}

function urlsOf(context: Context, flag: string): string[] | undefined {
  return context
    .text(flag)
    ?.split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
}

function addressOf({ words }: Context, url: string): { host: string; port: number } {
  const parts = /^http:\/\/(\[[0-9a-f:]+\]|[^/:[\]]+):(\d{1,5})\/?$/i.exec(url);
  const port = Number(parts?.[2]);
  if (parts === null || port > 65_535) {
    throw new UsageFault(
      `Cannot listen on ${JSON.stringify(url)}: expected http://HOST:PORT; there is no TLS yet`,
      words,
    );
  }
  return { host: parts[1]!.replace(/^\[|\]$/g, ""), port };
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
