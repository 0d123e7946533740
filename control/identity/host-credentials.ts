import { Fault } from "@plinth/fault";
import type { CertificateAuthority, IssuedCertificate } from "./certificate-authority.ts";
import type { JoinTokens } from "./join-tokens.ts";
import { publicKeyOfRequest } from "./key-pair.ts";
import { identityOfSpiffeId } from "./spiffe-id.ts";

/** Gives hosts their credential: the first against a token, every further one against the one before. */
export class HostCredentials {
  readonly #authority: CertificateAuthority;
  readonly #tokens: JoinTokens;

  constructor(options: { authority: CertificateAuthority; tokens: JoinTokens }) {
    this.#authority = options.authority;
    this.#tokens = options.tokens;
  }

  async join(request: { secret: string; host: string; csr: Uint8Array }): Promise<IssuedCertificate> {
    // The request comes first: a malformed one must not use the token up.
    const publicKey = await publicKeyOfRequest(request.csr);
    await this.#tokens.redeem(request.secret, request.host, publicKey);
    return this.#authority.issue({ kind: "host", name: request.host }, { publicKey });
  }

  /** `peer` is the SPIFFE ID by which the connection was verified. */
  async renew(peer: string, csr: Uint8Array): Promise<IssuedCertificate> {
    const identity = identityOfSpiffeId(this.#authority.trustDomain, peer);
    if (identity?.kind !== "host" || !this.#tokens.isJoined(identity.name)) {
      throw new Fault("forbidden", `Cannot renew the credential of "${peer}": it is not a joined host`);
    }
    return this.#authority.issue(identity, { csr });
  }
}
