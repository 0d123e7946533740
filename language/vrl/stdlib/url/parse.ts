/** URLs by the platform's own parser, which follows the standard that VRL's follows; what it refuses is told here. */
import { setKey } from "../../runtime/object.ts";
import type { VrlObject } from "../../runtime/value.ts";
import { domainToAscii, domainToUnicode } from "./domain.ts";
import { queryPairs } from "./query.ts";

/** Ports that need not be told. */
const knownPorts: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "ftp:": 21,
};

/** A string says what is wrong. */
export function parseUrlText(text: string, hasKnownPorts: boolean): VrlObject | string {
  const url = URL.parse(text);
  if (url === null) return problemOf(text);
  // The platform takes labels that are no Punycode.
  if (
    url.hostname.includes("xn--") &&
    isSpecialScheme(url.protocol) &&
    domainToUnicode(url.hostname) === undefined
  )
    return NO_DOMAIN;
  const query: VrlObject = {};
  for (const [key, value] of queryPairs(url.search)) setKey(query, key, value);
  const port = url.port === "" ? (hasKnownPorts ? knownPorts[url.protocol] : undefined) : Number(url.port);
  return {
    scheme: url.protocol.slice(0, -1),
    username: url.username,
    password: url.password,
    path: pathOf(url, text),
    host: url.hostname === "" ? null : url.hostname,
    port: port ?? null,
    fragment: fragmentOf(url),
    query,
  };
}

/** Newer standards write the last space of a path that is no file's as `%20`. */
function pathOf({ pathname }: URL, text: string): string {
  const isEncoded = pathname.endsWith("%20") && !pathname.startsWith("/") && !/%20(?:[?#]|$)/.test(text);
  return isEncoded ? `${pathname.slice(0, -3)} ` : pathname;
}

function isSpecialScheme(protocol: string): boolean {
  return protocol in knownPorts || protocol === "file:";
}

/** An empty one shows only in the whole. */
function fragmentOf(url: URL): string | null {
  if (url.hash !== "") return url.hash.slice(1);
  return url.href.endsWith("#") ? "" : null;
}

const NO_DOMAIN = "invalid international domain name";

function problemOf(text: string): string {
  const trimmed = text.replace(/^[\u0000- ]+|[\u0000- ]+$/g, "").replace(/[\t\n\r]/g, "");
  const scheme = /^[A-Za-z][-+.0-9A-Za-z]*:/.exec(trimmed)?.[0];
  if (scheme === undefined) return "relative URL without a base";
  const isSpecial = isSpecialScheme(scheme.toLowerCase());
  const rest = trimmed.slice(scheme.length).replace(isSpecial ? /^[/\\]*/ : /^\/\//, "");
  const authority = rest.slice(0, rest.search(isSpecial ? /[/\\?#]|$/ : /[/?#]|$/));
  const isFile = scheme.toLowerCase() === "file:";
  const host = isFile ? authority : authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("["))
    return isIpv6(host) && /\](?::|$)/.test(host) ? "invalid port number" : "invalid IPv6 address";
  const colon = isFile ? -1 : host.indexOf(":");
  const name = colon === -1 ? host : host.slice(0, colon);
  if (name === "") return "empty host";
  if (isSpecial) {
    const domain = domainToAscii(decodedName(name));
    if (domain === undefined || /[\u0000- #%/:<>?@[\\\]^`{|}\u007f]/.test(domain)) return NO_DOMAIN;
    if (/(?:^|\.)(?:\d+|0[xX][0-9A-Fa-f]*)\.?$/.test(domain)) return "invalid IPv4 address";
  } else if (/[\u0000 #/:<>?@[\\\]^|]/.test(name)) return "invalid domain character";
  return "invalid port number";
}

function isIpv6(host: string): boolean {
  return host.includes("]") && URL.canParse(`http://${host.slice(0, host.indexOf("]") + 1)}/`);
}

function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
