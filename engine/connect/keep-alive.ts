import type { Head } from "@plinth/http1";
import { POOL_IDLE_MS } from "./limits.ts";

/** How long the other end keeps an idle connection, by its Keep-Alive header; a second less, as it counts earlier. */
function announcedMs(value: string | undefined): number {
  const match = value === undefined ? null : /timeout=(\d{1,6})/i.exec(value);
  return match === null ? POOL_IDLE_MS : Number(match[1]) * 1_000 - 1_000;
}

/** How long the connection an answer came on may be kept; 0 when it ends with the answer. */
export function keepAliveMs(head: Head, untilClose: boolean): number {
  if (head.close || untilClose) return 0;
  return head.hopByHop ? announcedMs(head.find("keep-alive")) : POOL_IDLE_MS;
}
