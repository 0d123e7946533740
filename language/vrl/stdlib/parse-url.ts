import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseUrlText } from "./url/parse.ts";

export const parseUrl: FunctionDefinition = {
  name: "parse_url",
  category: "Parse",
  usage: "Takes a [URL](https://url.spec.whatwg.org) apart.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The URL." },
    {
      name: "default_known_ports",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description:
        "Whether `port` is told also where the URL leaves it out or names the usual one, for `http`, `https`, `ws`, " +
        "`wss` and `ftp`.",
    },
  ],
  failures: ["`value` is no URL."],
  returns: Part.object,
  isFresh: true,
  typeOf: () =>
    TypeDef.of(
      Kind.object({
        scheme: Kind.bytes,
        username: Kind.bytes,
        password: Kind.bytes,
        path: Kind.bytes.or(Kind.null),
        host: Kind.bytes,
        port: Kind.integer.or(Kind.null),
        fragment: Kind.bytes.or(Kind.null),
        query: Kind.ofObject(Collection.ofUnknown(Kind.bytes)),
      }),
    ).fallible,
  prepare: () => (value: Text, hasKnownPorts: boolean) => {
    const url = parseUrlText(lossyText(value).toWellFormed(), hasKnownPorts);
    return typeof url === "string" ? new Failure(`unable to parse url: ${url}`) : url;
  },
};

export const examples: readonly Example[] = [
  {
    title: "Take a URL apart",
    source: 'parse_url!("https://ada:pw@api.example.com:8443/v1/items?sort=name#top")',
    result:
      '{"scheme": "https", "username": "ada", "password": "pw", "host": "api.example.com", "port": 8443, ' +
      '"path": "/v1/items", "query": {"sort": "name"}, "fragment": "top"}',
  },
  {
    title: "The usual port",
    source: 'parse_url!("http://example.com", default_known_ports: true).port',
    result: "80",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nothing but a host",
    source: 'parse_url!("http://example.com:80")',
    result:
      '{"scheme": "http", "username": "", "password": "", "host": "example.com", "port": null, "path": "/", ' +
      '"query": {}, "fragment": null}',
  },
  {
    title: "International",
    source: 'parse_url!("http://Müller.example/ä").host',
    result: "xn--mller-kva.example",
  },
  { title: "IPv6", source: 'parse_url!("http://[2001:db8::0:1]/").host', result: "[2001:db8::1]" },
  { title: "No host", source: 'parse_url!("mailto:ada@example.com").host', result: "null" },
  {
    title: "No path of its own",
    source: 'parse_url!("mailto:ada@example.com").path',
    result: "ada@example.com",
  },
  {
    title: "The last of equal keys counts",
    source: 'parse_url!("http://a/?x=1&x=2&y").query',
    result: '{"x": "2", "y": ""}',
  },
  {
    title: "A relative one",
    source: 'parse_url!("/v1/items")',
    error: 'function call error for "parse_url" at (0:23): unable to parse url: relative URL without a base',
  },
  {
    title: "An empty host",
    source: 'parse_url!("http://:80")',
    error: 'function call error for "parse_url" at (0:24): unable to parse url: empty host',
  },
  {
    title: "A port that is none",
    source: 'parse_url!("http://a:99999")',
    error: 'function call error for "parse_url" at (0:28): unable to parse url: invalid port number',
  },
  {
    title: "An address that is none",
    source: 'parse_url!("http://1.2.3.256")',
    error: 'function call error for "parse_url" at (0:30): unable to parse url: invalid IPv4 address',
  },
  {
    title: "An IPv6 address that is none",
    source: 'parse_url!("http://[::1")',
    error: 'function call error for "parse_url" at (0:25): unable to parse url: invalid IPv6 address',
  },
  {
    title: "A name that is none",
    source: 'parse_url!("http://a b/")',
    error:
      'function call error for "parse_url" at (0:25): unable to parse url: invalid international domain name',
  },
];
