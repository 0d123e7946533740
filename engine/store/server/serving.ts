import type { Clock } from "@plinth/clock";
import type { Mvcc } from "../mvcc.ts";
import type { Alarms } from "./alarms.ts";
import type { Authority } from "./auth/authority.ts";
import type { ServingMember } from "./member.ts";
import type { Metrics } from "./metrics.ts";
import { GrpcError, Status } from "@plinth/grpc";
import { toRefusal } from "./refusal.ts";

/** What every service is made from. */
export interface Serving {
  readonly store: Mvcc;
  readonly member: ServingMember;
  readonly alarms: Alarms;
  readonly authority: Authority;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly limits: ServingLimits;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

export interface ServingLimits {
  /** Keys and values of one request, and events of one watch response where they can be divided. */
  readonly requestBytesMax: number;
  readonly progressIntervalMs: number;
}

/** Runs what reads or writes keys or leases, unless data may be wrong; what is there at once is answered at once. Errors of the store become etcd's. */
export function answer<Response>(
  { alarms }: Serving,
  body: () => Promise<Response> | Response,
): Promise<Response> | Response {
  try {
    alarms.checkSound();
    const response = body();
    return response instanceof Promise ? refusing(response) : response;
  } catch (error) {
    throw toRefusal(error);
  }
}

async function refusing<Response>(response: Promise<Response>): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    throw toRefusal(error);
  }
}

/**
 * The same for locks and elections: in etcd they are a client within the server, and what it is refused goes out with
 * its words but as UNKNOWN.
 */
export async function answerAsClient<Response>(
  serving: Serving,
  body: () => Promise<Response> | Response,
): Promise<Response> {
  try {
    return await answer(serving, body);
  } catch (error) {
    throw error instanceof GrpcError ? new GrpcError(Status.unknown, error.message) : error;
  }
}
