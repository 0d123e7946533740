/** Why bytes are not a message we accept. */
export type Problem =
  | "start-line"
  | "method"
  | "target"
  | "target-too-long"
  | "version"
  | "status"
  | "bare-cr"
  | "bare-lf"
  | "header-name"
  | "header-value"
  | "header-fold"
  | "header-too-long"
  | "head-too-large"
  | "too-many-headers"
  | "host-missing"
  | "host-repeated"
  | "host"
  | "connection"
  | "content-length"
  | "content-length-repeated"
  | "transfer-encoding"
  | "expect"
  | "length-and-chunked"
  | "body-forbidden"
  | "chunk-size"
  | "chunk-extension"
  | "chunk-extensions-too-large"
  | "chunk-end"
  | "trailer"
  | "trailers-too-large"
  | "truncated";

const problems: Record<Problem, readonly [status: number, text: string]> = {
  "start-line": [400, "the first line is malformed"],
  method: [400, "the method is not made of A-Z, - and _, or is too long"],
  target: [400, "the request target is malformed"],
  "target-too-long": [414, "the request target is too long"],
  version: [505, "the version is neither HTTP/1.1 nor HTTP/1.0"],
  status: [400, "the status is not a number from 100 to 599"],
  "bare-cr": [400, "a carriage return without a line feed"],
  "bare-lf": [400, "a line feed without a carriage return"],
  "header-name": [400, "a header name is malformed"],
  "header-value": [400, "a header value holds a control byte"],
  "header-fold": [400, "a header is folded over several lines"],
  "header-too-long": [431, "a header line is too long"],
  "head-too-large": [431, "the head is too large"],
  "too-many-headers": [431, "there are too many headers"],
  "host-missing": [400, "the Host header is missing"],
  "host-repeated": [400, "the Host header is repeated"],
  host: [400, "the Host header is malformed or contradicts the target"],
  connection: [400, "the Connection header is malformed"],
  "content-length": [400, "the Content-Length is not one decimal number"],
  "content-length-repeated": [400, "the Content-Length header is repeated"],
  "transfer-encoding": [400, 'the Transfer-Encoding is not exactly "chunked"'],
  expect: [400, "the Expect header is repeated"],
  "length-and-chunked": [400, "both Content-Length and Transfer-Encoding are given"],
  "body-forbidden": [400, "a status that has no body comes with one"],
  "chunk-size": [400, "a chunk size is malformed"],
  "chunk-extension": [400, "a chunk extension is malformed"],
  "chunk-extensions-too-large": [413, "the chunk extensions are too large"],
  "chunk-end": [400, "a chunk does not end where its size says"],
  trailer: [400, "a trailer is malformed or not allowed as one"],
  "trailers-too-large": [431, "the trailers are too large"],
  truncated: [400, "the connection ended within a message"],
};

/** The status a server answers with when a request has this problem. */
export function problemStatus(problem: Problem): number {
  return problems[problem][0];
}

/** What is wrong, in words that stand after "because". */
export function problemText(problem: Problem): string {
  return problems[problem][1];
}
