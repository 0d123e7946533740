import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  healthService,
  ServingStatus,
} from "@plinth/etcd";
import { GrpcError, implement, type Implementation, type ServerCall, Status } from "@plinth/grpc";
import type { Serving } from "./serving.ts";

/** Only the server as a whole has a health: it serves until it stops. */
export function healthImplementation(serving: Serving): Implementation[] {
  return [
    implement(healthService.check, async (call) => {
      const { service } = await call.request();
      if (service !== "") throw new GrpcError(Status.notFound, "unknown service");
      return { status: ServingStatus.serving };
    }),
    implement(healthService.watch, (call) => watch(call, serving.stopping)),
  ];
}

async function* watch(
  call: ServerCall<HealthCheckRequest>,
  stopping: AbortSignal,
): AsyncGenerator<HealthCheckResponse> {
  const { service } = await call.request();
  yield { status: service === "" ? ServingStatus.serving : ServingStatus.serviceUnknown };
  await aborted(AbortSignal.any([call.signal, stopping]));
  yield { status: ServingStatus.notServing };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
