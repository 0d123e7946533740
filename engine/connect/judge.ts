import type { Clock } from "@plinth/clock";
import { type Head, type MessageDecoder, Token } from "@plinth/http1";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Tells an endpoint's balancer and circuit breaker what an answer's head says; returns the time it is at. */
export function judge(endpoint: InstanceEndpoint, head: Head, sentMs: number, clock: Clock): number {
  const nowMs = clock.monotonic();
  endpoint.answered(nowMs - sentMs, nowMs);
  endpoint.judged(head.status < 500, nowMs);
  if (head.status === 503 || head.status === 429)
    endpoint.overloaded(retryAfterMs(head.find("retry-after"), clock), nowMs);
  return nowMs;
}

/** True when all of an answer whose head was read is there, and nothing behind it: its connection can be used again. */
export function restIsThere(decoder: MessageDecoder): boolean {
  let token = decoder.next();
  while (token === Token.body) token = decoder.next();
  return token === Token.end && decoder.pending === 0;
}
