import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { display } from "../runtime/display.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { VrlObject } from "../runtime/value.ts";
import { mismatch } from "./type/mismatch.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { NETWORK_NOTICE, noNetwork } from "./network/absent.ts";

/** Headers whose values errors do not tell, in lower case; and those with one of these words in their names. */
const SECRET_HEADERS = new Set([
  "authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "proxy-authorization",
]);
const SECRET_WORDS = /token|secret|password/;

/** What RFC 9110 calls a token. */
const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;
/** No control characters but tabs. */
const HEADER_VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

export const httpRequest: FunctionDefinition = {
  name: "http_request",
  category: "System",
  usage: "Makes an HTTP request and yields the body of the answer.",
  parameters: [
    { name: "url", kind: Part.bytes, description: "Where to." },
    {
      name: "method",
      kind: Part.bytes,
      isOptional: true,
      default: "get",
      description: "The method, such as `GET`, `POST`, `PUT` or `DELETE`.",
    },
    { name: "headers", kind: Part.object, isOptional: true, default: {}, description: "Headers to send." },
    { name: "body", kind: Part.bytes, isOptional: true, default: "", description: "The body to send." },
    { name: "http_proxy", kind: Part.bytes, isOptional: true, description: "The URL of a proxy for `http`." },
    {
      name: "https_proxy",
      kind: Part.bytes,
      isOptional: true,
      description: "The URL of a proxy for `https`.",
    },
    {
      name: "redact_headers",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether errors leave out the values of headers that hold secrets.",
    },
  ],
  failures: [
    "The host offers no network.",
    "The method, a header or a proxy is none.",
    "The request fails, or its answer cannot be read.",
  ],
  returns: Part.bytes,
  notices: [NETWORK_NOTICE],
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: ({ host }) => {
    const request = host.network?.request?.bind(host.network);
    return (
      url: Text,
      method: Text,
      headers: VrlObject,
      body: Text,
      httpProxy: Text | undefined,
      httpsProxy: Text | undefined,
      isRedacted: boolean,
    ) => {
      const told = isRedacted ? redacted(headers) : headers;
      const name = lossyText(method).toUpperCase();
      for (const proxy of [httpProxy, httpsProxy]) {
        if (proxy !== undefined && !URL.canParse(lossyText(proxy)))
          return new Failure("Invalid proxy: builder error");
      }
      if (!TOKEN.test(name)) return new Failure(`Unsupported HTTP method: ${name}`);
      const pairs = headerPairs(headers, told);
      if (pairs instanceof Failure) return pairs;
      const answer =
        request?.({
          url: lossyText(url),
          method: name,
          headers: pairs,
          body: lossyText(body),
          httpProxy: httpProxy === undefined ? undefined : lossyText(httpProxy),
          httpsProxy: httpsProxy === undefined ? undefined : lossyText(httpsProxy),
        }) ?? noNetwork("HTTP request failed");
      if (!(answer instanceof Failure)) return answer;
      return new Failure(
        `${answer.message} (url: ${lossyText(url)}, method: ${name}, headers: ${display(told)})`,
      );
    };
  },
};

function headerPairs(headers: VrlObject, told: VrlObject): [string, string][] | Failure {
  const pairs: [string, string][] = [];
  for (const key of sortedKeys(headers)) {
    if (!TOKEN.test(key)) return new Failure(`Invalid header key: ${key}`);
    const value = headers[key]!;
    const name = key.toLowerCase();
    if (!isText(value)) {
      const { message: reason } = mismatch("string", value);
      return new Failure(`Invalid header value for key '${name}': ${reason} (headers: ${display(told)})`);
    }
    if (!HEADER_VALUE.test(lossyText(value)))
      return new Failure(`Invalid header value for key '${name}' (headers: ${display(told)})`);
    pairs.push([name, lossyText(value)]);
  }
  return pairs;
}

function redacted(headers: VrlObject): VrlObject {
  const told: VrlObject = {};
  for (const key of Object.keys(headers)) {
    const name = key.toLowerCase();
    setKey(told, key, SECRET_HEADERS.has(name) || SECRET_WORDS.test(name) ? "***" : headers[key]!);
  }
  return told;
}

export const examples: readonly Example[] = [
  {
    title: "Get something",
    source: 'http_request!("https://api.example.com/v1/items")',
    isCompiledOnly: true,
  },
  {
    title: "Send something",
    source:
      'http_request!("https://api.example.com/v1/items", method: "post", headers: {"Content-Type": "application/json"}, body: encode_json({"id": 7}))',
    isCompiledOnly: true,
  },
];

export const tests: readonly Example[] = [
  {
    title: "A host without a network",
    source: 'http_request!("http://a/", headers: {"X-Token": "abc", "Accept": "*/*"})',
    error:
      'function call error for "http_request" at (0:72): HTTP request failed: the host offers no network (url: http://a/, ' +
      'method: GET, headers: { "Accept": "*/*", "X-Token": "***" })',
  },
  {
    title: "Secrets that are told",
    source: 'http_request!("http://a/", headers: {"X-Token": "abc"}, redact_headers: false)',
    error:
      'function call error for "http_request" at (0:78): HTTP request failed: the host offers no network (url: http://a/, ' +
      'method: GET, headers: { "X-Token": "abc" })',
  },
  {
    title: "A header that is none",
    source: 'http_request!("http://a/", headers: {"a b": "c"})',
    error: 'function call error for "http_request" at (0:49): Invalid header key: a b',
  },
  {
    title: "A value that is none",
    source: 'http_request!("http://a/", headers: {"A": 1})',
    error:
      "function call error for \"http_request\" at (0:45): Invalid header value for key 'a': expected string, got integer " +
      '(headers: { "A": 1 })',
  },
  {
    title: "A method that is none",
    source: 'http_request!("http://a/", method: "g et")',
    error: 'function call error for "http_request" at (0:42): Unsupported HTTP method: G ET',
  },
];
