import type { Method } from "@plinth/grpc";
import type { Message } from "./message.ts";

/** Makes the methods of one service; `service` is its full name. */
export interface ServiceMethods {
  unary<Request, Response>(
    name: string,
    request: Message<Request>,
    response: Message<Response>,
  ): Method<Request, Response>;
  /** One request, many responses. */
  serverStream<Request, Response>(
    name: string,
    request: Message<Request>,
    response: Message<Response>,
  ): Method<Request, Response>;
  bothStream<Request, Response>(
    name: string,
    request: Message<Request>,
    response: Message<Response>,
  ): Method<Request, Response>;
}

export function methodsOf(service: string): ServiceMethods {
  const method =
    (requestStream: boolean, responseStream: boolean) =>
    <Request, Response>(
      name: string,
      request: Message<Request>,
      response: Message<Response>,
    ): Method<Request, Response> => ({
      path: `/${service}/${name}`,
      requestStream,
      responseStream,
      request,
      response,
    });
  return { unary: method(false, false), serverStream: method(false, true), bothStream: method(true, true) };
}
