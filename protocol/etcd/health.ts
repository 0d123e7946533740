import { type Message, message, scalar, enumeration } from "./message.ts";

export const ServingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;

export interface HealthCheckRequest {
  /** Empty: the server as a whole. */
  readonly service: string;
}

export const HealthCheckRequest: Message<HealthCheckRequest> = message<HealthCheckRequest>({
  service: scalar(1, "text"),
});

export interface HealthCheckResponse {
  /** One of ServingStatus. */
  readonly status: number;
}

export const HealthCheckResponse: Message<HealthCheckResponse> = message<HealthCheckResponse>({
  status: enumeration(1, "grpc.health.v1.HealthCheckResponse.ServingStatus", [
    "UNKNOWN",
    "SERVING",
    "NOT_SERVING",
    "SERVICE_UNKNOWN",
  ]),
});
