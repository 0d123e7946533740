/** Internationalized domain names (UTS #46), as browsers take them. */
import tr46 from "tr46";

const OPTIONS = {
  checkHyphens: false,
  checkBidi: true,
  checkJoiners: true,
  useSTD3ASCIIRules: false,
  verifyDNSLength: false,
  transitionalProcessing: false,
} as const;

/** Undefined: it has no such form. */
export function domainToAscii(domain: string): string | undefined {
  if (!isProcessable(domain)) return undefined;
  return tr46.toASCII(domain, OPTIONS) ?? undefined;
}

export function domainToUnicode(domain: string): string | undefined {
  if (!isProcessable(domain)) return undefined;
  const unicode = tr46.toUnicode(domain, OPTIONS);
  return unicode.error ? undefined : unicode.domain;
}

/** Names have 255 bytes at most; what is far longer is none, and would take long. */
const DOMAIN_LENGTH_MAX = 10_000;

function isProcessable(domain: string): boolean {
  return domain.length <= DOMAIN_LENGTH_MAX;
}
