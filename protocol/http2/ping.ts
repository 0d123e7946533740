/** The octets of our PINGs (RFC 9113 §6.7): they differ in the last, by which an acknowledgement is known. */

/** What was under way when a connection's end was announced has come once this is back. */
export const CLOSE_PING: Buffer = Buffer.from("plinth\0\0", "latin1");
/** Asks for a sign of life. */
export const LIFE_PING: Buffer = Buffer.from("plinth\0\x01", "latin1");
