import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { API_VERSION } from "@plinth/resource";
import type { Registry, ResourceWatchOptions } from "@plinth/registry";
import { type Exchange, startStream, writePart } from "./exchange.ts";
import { HEARTBEAT_MS } from "./limits.ts";
import { parseLabelSelector } from "./resources.ts";
import { statusOf } from "./status.ts";

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

/**
 * Streams changes, of the path's kind or of every kind, until the client goes. A client that reads slowly is waited for; when it falls behind what history
 * is kept, it gets an ERROR event with the Status of a 410 and the end, and lists again.
 */
export async function streamWatch(exchange: Exchange, registry: Registry, clock: Clock): Promise<void> {
  const { query, response } = exchange;
  const kind = exchange.match.kind?.kind;
  const labels = parseLabelSelector(query.get("labelSelector"));
  const version = query.get("resourceVersion") ?? "";
  const timeoutText = query.get("timeoutSeconds") ?? "";
  if (!/^[0-9]{0,6}$/.test(timeoutText))
    throw new Fault("invalid", "Cannot use timeoutSeconds: expected whole seconds");

  using lifetime = new DisposableStack();
  const end = new AbortController();
  const signal = AbortSignal.any([exchange.signal, end.signal]);
  const options: ResourceWatchOptions = {
    signal,
    ...(labels && { labels }),
    // "0" asks for any version that is at hand, which is the present one.
    ...(version !== "" && version !== "0" && { resourceVersion: version }),
  };
  const watch = registry.watch(kind, options);
  startStream(response, "application/json");
  if (Number(timeoutText) > 0) {
    lifetime.defer(clock.schedule(Number(timeoutText) * 1000, () => end.abort()));
  }
  const bookmarks = query.get("allowWatchBookmarks") !== "false";
  let cancelHeartbeat: (() => void) | undefined;
  const beat = (): void => {
    // To a client that does not read, another line would only be more to hold in memory.
    if (!response.writableNeedDrain && bookmarks) {
      const metadata = { resourceVersion: watch.resourceVersion };
      response.write(line("BOOKMARK", { apiVersion: API_VERSION, kind, metadata }));
    }
    cancelHeartbeat = clock.schedule(HEARTBEAT_MS, beat);
  };
  cancelHeartbeat = clock.schedule(HEARTBEAT_MS, beat);
  lifetime.defer(() => cancelHeartbeat?.());
  try {
    for await (const { type, object } of watch) await writePart(exchange, line(type, object));
  } catch (error) {
    if (!signal.aborted) response.write(line("ERROR", statusOf(error)));
  }
  response.end();
}
