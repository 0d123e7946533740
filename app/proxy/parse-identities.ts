import type { ProxyIdentities } from "@plinth/connect";
import { Fault } from "@plinth/fault";

type Unknown = Readonly<Record<string, unknown>>;

/** A host has an instance or two of some thousand services at most, each with an identity. */
const SVIDS_MAX = 10_000;
const ROOTS_MAX = 16; // an authority keeps four

/** Says what is wrong where, and never what stands there: it may be a key. */
function wrong(path: string, expected: string): never {
  throw new Fault("invalid", `Cannot use identities: ${path} is not ${expected}`);
}

function objectAt(value: unknown, path: string): Unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) wrong(path, "an object");
  return value as Unknown;
}

function textAt(value: unknown, path: string): void {
  if (typeof value !== "string" || value === "") wrong(path, "a text");
}

function listAt(value: unknown, path: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) wrong(path, `a list of up to ${most}`);
  return value;
}

function timeAt(value: unknown, path: string): void {
  if (typeof value !== "number" || !Number.isFinite(value)) wrong(path, "a time in milliseconds");
}

/** Checks parsed JSON, so that a wrong set is refused whole. */
export function parseIdentities(value: unknown): ProxyIdentities {
  const identities = objectAt(value, "the body");
  textAt(identities["trustDomain"], "trustDomain");
  if (!Number.isSafeInteger(identities["sequence"])) wrong("sequence", "a whole number");
  for (const [index, root] of listAt(identities["roots"], "roots", ROOTS_MAX).entries())
    textAt(root, `roots[${index}]`);
  for (const [index, candidate] of listAt(identities["svids"], "svids", SVIDS_MAX).entries()) {
    const path = `svids[${index}]`;
    const svid = objectAt(candidate, path);
    const identity = objectAt(svid["identity"], `${path}.identity`);
    const { kind } = identity;
    if (kind !== "service" && kind !== "host") wrong(`${path}.identity.kind`, "service or host");
    for (const key of kind === "host" ? ["name"] : ["app", "service"])
      textAt(identity[key], `${path}.identity.${key}`);
    const chain = listAt(svid["certificates"], `${path}.certificates`, ROOTS_MAX);
    if (chain.length === 0) wrong(`${path}.certificates`, "a chain");
    for (const [place, certificate] of chain.entries()) textAt(certificate, `${path}.certificates[${place}]`);
    textAt(svid["privateKey"], `${path}.privateKey`);
    timeAt(svid["notBeforeMs"], `${path}.notBeforeMs`);
    timeAt(svid["notAfterMs"], `${path}.notAfterMs`);
  }
  return value as ProxyIdentities;
}
