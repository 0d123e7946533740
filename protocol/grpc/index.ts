/** gRPC over @plinth/http2, client and server side; how messages become bytes is their user's. */
export { GrpcClient } from "./client.ts";
export type { CallOptions, ClientCall, GrpcClientOptions } from "./client.ts";
export { frameMessage, MESSAGE_BYTES_MAX, MessageReader } from "./framing.ts";
export type { Encoding } from "./framing.ts";
export { decodeMessageText, encodeMessageText } from "./message-text.ts";
export { fieldValue, metadataOfFields, metadataToFields } from "./metadata.ts";
export type { Metadata } from "./metadata.ts";
export type { Codec, Method } from "./method.ts";
export { createGrpcServer, implement } from "./server.ts";
export type { GrpcServer, GrpcServerOptions, Handler, Implementation, ServerCall } from "./server.ts";
export { GrpcError, Status, statusOfHttp, statusOfReset } from "./status.ts";
export { formatTimeout, parseTimeout } from "./timeout.ts";
