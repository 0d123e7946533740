/** HTTP/2 (RFC 9113) and HPACK (RFC 7541) over byte buffers, client and server side; knows nothing of proxies. */
export { ErrorCode, ResetCause } from "./error-code.ts";
export { HpackDecoder } from "./hpack/decoder.ts";
export type { HpackDecoderOptions } from "./hpack/decoder.ts";
export { HpackEncoder } from "./hpack/encoder.ts";
export { PREFACE } from "./frame.ts";
export { defaultLimits, rates } from "./limits.ts";
export type { Limits, Rate, Rates } from "./limits.ts";
export { Http2Session } from "./session.ts";
export type { SessionOptions, SessionOwner } from "./session-owner.ts";
export type { PeerSettings } from "./settings.ts";
export { atEndOfTurn, connect, serve } from "./socket.ts";
export type { ConnectionEvents, ConnectionOptions } from "./socket.ts";
export { Http2Stream } from "./stream.ts";
export type { StreamHandler, StreamHome } from "./stream.ts";
