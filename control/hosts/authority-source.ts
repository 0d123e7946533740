import type { CertificateAuthority, SvidSource } from "@plinth/identity";

/** Certificates straight from the authority, for the host that has it. */
export function authoritySource(authority: CertificateAuthority): SvidSource {
  return {
    get bundle() {
      return authority.bundle;
    },
    subscribe: (listener) => authority.subscribe(listener),
    issue: (identity, { publicKey }) => authority.issue(identity, { publicKey }),
  };
}
