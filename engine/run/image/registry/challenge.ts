/** What a registry asks for before it answers, by RFC 9110's WWW-Authenticate. */
export type Challenge =
  | { readonly kind: "basic" }
  | {
      readonly kind: "bearer";
      /** Where tokens are given. */
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** Longer ones are not read: they are matched by regular expressions. */
const HEADER_CHARACTERS_MAX = 4096;
const PARAMETER = /([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/g;

/** The strongest that we can answer: a token over a password. Undefined where there is none. */
export function readChallenge(headers: readonly string[]): Challenge | undefined {
  let isBasic = false;
  for (const header of headers) {
    if (header.length > HEADER_CHARACTERS_MAX) continue;
    const bearer = /(?:^|,)\s*bearer\s+(.*)$/i.exec(header)?.[1];
    const parameters = bearer === undefined ? undefined : parametersOf(bearer);
    const realm = parameters?.get("realm");
    if (realm !== undefined) {
      return { kind: "bearer", realm, service: parameters?.get("service"), scope: parameters?.get("scope") };
    }
    isBasic ||= /(?:^|,)\s*basic\b/i.test(header);
  }
  return isBasic ? { kind: "basic" } : undefined;
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name, quoted, plain] of text.matchAll(PARAMETER)) {
    const key = name!.toLowerCase();
    // The first of a name counts: what follows may belong to another challenge.
    if (!found.has(key)) found.set(key, quoted === undefined ? plain! : quoted.replace(/\\(.)/g, "$1"));
  }
  return found;
}
