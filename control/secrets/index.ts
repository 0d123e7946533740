/** Secrets, encrypted at rest and handed only to instances. */
export { openSecretKey } from "./secret-key.ts";
export { SECRET_BYTES_MAX, SecretVault } from "./secret-vault.ts";
