import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Message, toJson } from "@plinth/etcd";
import { GrpcError, type Implementation, Status } from "@plinth/grpc";
import { type HttpRoute, send, textPage } from "../http-service.ts";
import { BODY_MS } from "../http-door.ts";
import type { Serving } from "../serving.ts";
import { GatewayCall } from "./gateway-call.ts";
import { httpStatusOf, streamError, unaryError } from "./http-status.ts";
import { gatewayRoutes } from "./routes.ts";

/** All paths of the gateway begin so. */
const PREFIX = "/v3/";

export interface GatewayOptions {
  readonly serving: Serving;
  readonly services: readonly Implementation[];
  /** Of one message in JSON. */
  readonly bytesMax: number;
  /** Hears of bugs, as for gRPC. */
  readonly onError: (path: string, error: unknown) => void;
}

/** etcd's gateway: each method by POST, JSON for messages; streams are one message a line. */
export function gatewayRoute(options: GatewayOptions): HttpRoute {
  const byPath = new Map(options.services.map((each) => [each.method.path, each]));
  return (request, response, { pathname }) => {
    if (!pathname.startsWith(PREFIX)) return false;
    const implementation = byPath.get(gatewayRoutes.get(pathname) ?? "");
    if (implementation === undefined) {
      sendError(response, 404, Status.notFound, "Not Found");
    } else if (request.method !== "POST") {
      send(response, { ...textPage(405, "Method Not Allowed"), allow: "POST" });
    } else {
      void answer(options, implementation, request, response);
    }
    return true;
  };
}

async function answer(
  { serving, bytesMax, onError }: GatewayOptions,
  { method, handler }: Implementation,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new GrpcError(Status.cancelled, "the connection was lost")));
  response.on("error", () => {});
  // A body that is no stream has to come in time; what is read of it until then is bounded by its size.
  const cancel = method.requestStream
    ? () => {}
    : serving.clock.schedule(BODY_MS, () => {
        if (!request.complete) request.destroy();
      });
  const call = new GatewayCall(request, method, gone.signal, bytesMax);
  const type = method.response as Message<unknown>;
  let status: number = Status.ok;
  try {
    if (!method.requestStream) await call.receive();
    const result = handler(call);
    if (method.responseStream) {
      for await (const each of result as AsyncIterable<unknown>) {
        if (gone.signal.aborted) break;
        await sendLine(response, { result: toJson(type, each) }, gone.signal);
      }
      response.end();
    } else {
      const message = await (result as Promise<unknown>);
      send(response, { status: 200, type: "application/json", body: JSON.stringify(toJson(type, message)) });
    }
  } catch (error) {
    const known = error instanceof GrpcError;
    status = known ? error.status : Status.unknown;
    if (!known && !gone.signal.aborted) onError(call.path, error);
    if (!gone.signal.aborted)
      fail(response, method.responseStream, status, known ? error.message : "the handler failed");
  } finally {
    cancel();
    serving.metrics.ended(method, gone.signal.aborted && status === Status.ok ? Status.cancelled : status);
  }
  // What is left of a request that was refused goes nowhere, so that its sender sees the answer; the door limits the time.
  request.resume();
}

function fail(response: ServerResponse, isStream: boolean, status: number, message: string): void {
  if (!isStream) return sendError(response, httpStatusOf(status), status, message);
  if (!response.headersSent) {
    response.statusCode = httpStatusOf(status);
    response.setHeader("content-type", "application/json");
  }
  response.end(`${JSON.stringify(streamError(status, message))}\n`);
}

function sendError(response: ServerResponse, httpStatus: number, status: number, message: string): void {
  const body = JSON.stringify(unaryError(status, message));
  send(response, { status: httpStatus, type: "application/json", body });
}

/** Waits while the connection takes no more. */
async function sendLine(response: ServerResponse, line: object, signal: AbortSignal): Promise<void> {
  if (!response.headersSent) response.setHeader("content-type", "application/json");
  if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, "drain", { signal });
}
