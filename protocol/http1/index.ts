/** A strict, incremental HTTP/1.1 codec (RFC 9110, RFC 9112) over byte buffers; knows nothing of proxies. */
export { MessageDecoder, Token } from "./decoder.ts";
export type { DecoderOptions } from "./decoder.ts";
export { encodeChunk, encodeRequestHead, encodeResponseHead, LAST_CHUNK } from "./encode.ts";
export type { HeaderPairs } from "./encode.ts";
export { Head } from "./head.ts";
export { HeaderKind } from "./header-kind.ts";
export { hostName } from "./host.ts";
export { defaultLimits } from "./limits.ts";
export type { Limits } from "./limits.ts";
export { normalPath } from "./normal-path.ts";
export { problemStatus, problemText } from "./problem.ts";
export type { Problem } from "./problem.ts";
