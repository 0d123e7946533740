import type { Policy } from "./kinds.ts";
import { parseDurationMs } from "./quantity.ts";

/** A policy with its durations in milliseconds and its statuses as numbers; what was not said is left out. */
export interface PolicySettings {
  readonly timeout?: { readonly requestMs?: number; readonly responseMs?: number; readonly idleMs?: number };
  readonly retry?: {
    readonly limit?: number;
    readonly statuses?: readonly number[];
    readonly grpc?: readonly number[];
    readonly methods?: readonly string[];
  };
  readonly breaker?:
    | false
    | {
        readonly failures?: number;
        readonly successRate?: number;
        readonly penaltyMs?: number;
        readonly penaltyMaxMs?: number;
      };
}

type Retry = NonNullable<Policy["retry"]>;

const grpcNumbers: Readonly<Record<NonNullable<Retry["grpc"]>[number], number>> = {
  cancelled: 1,
  "deadline-exceeded": 4,
  "resource-exhausted": 8,
  internal: 13,
  unavailable: 14,
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

function statusesOf(name: string): number[] {
  if (name === "5xx") return range(500, 599);
  if (name === "gateway-error") return range(502, 504);
  return [Number(name)];
}

/** Longer is no different from none, and snapshots take no longer ones. */
const TIME_MAX_MS = 86_400_000;

/** The duration under another name; nothing where nothing was said. */
function timeOf<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [Key in Name]?: number } {
  // A time of zero would be over before it begins; the shortest there is says the same.
  if (text === undefined) return {};
  const timeMs = Math.min(TIME_MAX_MS, Math.max(1, parseDurationMs(text)));
  return { [name]: timeMs } as { [Key in Name]?: number };
}

function retryOf(retry: Retry): NonNullable<PolicySettings["retry"]> {
  const { limit, on, grpc, methods } = retry;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(on === undefined ? {} : { statuses: [...new Set(on.flatMap(statusesOf))].sort((a, b) => a - b) }),
    ...(grpc === undefined ? {} : { grpc: grpc.map((name) => grpcNumbers[name]) }),
    ...(methods === undefined ? {} : { methods }),
  };
}

/** What the proxy is told; undefined without a policy. */
export function policySettings(policy: Policy | undefined): PolicySettings | undefined {
  if (policy === undefined) return undefined;
  const { timeout, retry, breaker } = policy;
  const settings: { -readonly [Key in keyof PolicySettings]: PolicySettings[Key] } = {};
  if (timeout !== undefined)
    settings.timeout = {
      ...timeOf("requestMs", timeout.request),
      ...timeOf("responseMs", timeout.response),
      ...timeOf("idleMs", timeout.idle),
    };
  if (retry !== undefined) settings.retry = retryOf(retry);
  if (breaker === false) settings.breaker = false;
  else if (breaker !== undefined) {
    const { failures, successRate, penalty, penaltyMax } = breaker;
    settings.breaker = {
      ...(failures === undefined ? {} : { failures }),
      ...(successRate === undefined ? {} : { successRate }),
      ...timeOf("penaltyMs", penalty),
      ...timeOf("penaltyMaxMs", penaltyMax),
    };
  }
  return settings;
}
