// The library finds its parts by metadata on classes, so the polyfill has to come before it.
import "reflect-metadata";
import "./webcrypto-names.ts";
import { randomBytes } from "node:crypto";

/** The one door to the certificate library: everything else asks for it here, after the polyfill. */
export {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

export const KEY_ALGORITHM: { readonly name: "ECDSA"; readonly namedCurve: "P-256" } = {
  name: "ECDSA",
  namedCurve: "P-256",
};
export const SIGNATURE_ALGORITHM: { readonly name: "ECDSA"; readonly hash: "SHA-256" } = {
  name: "ECDSA",
  hash: "SHA-256",
};

/** RFC 5280 section 4.1.2.2: at most 20 bytes, positive. */
const SERIAL_BYTES = 20;

/** A random serial of exactly 20 bytes: positive (first bit 0) and without a leading zero byte (second bit 1). */
export function randomSerial(): string {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial.toString("hex");
}

export function pemOf(label: "CERTIFICATE" | "PRIVATE KEY", der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
