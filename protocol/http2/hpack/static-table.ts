/** The static table (RFC 7541 Appendix A): 61 fields, counted from 1. */
const FIELDS: readonly (readonly [name: string, ...values: string[]])[] = [
  [":authority", ""],
  [":method", "GET", "POST"],
  [":path", "/", "/index.html"],
  [":scheme", "http", "https"],
  [":status", "200", "204", "206", "304", "400", "404", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
];
const NAMES =
  "accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control " +
  "content-disposition content-encoding content-language content-length content-location content-range " +
  "content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range " +
  "if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range " +
  "referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary via " +
  "www-authenticate";

export const staticNames: string[] = [""];
export const staticValues: string[] = [""];

for (const [name, ...values] of FIELDS) {
  for (const value of values) {
    staticNames.push(name);
    staticValues.push(value);
  }
}
for (const name of NAMES.split(" ")) {
  staticNames.push(name);
  staticValues.push("");
}

/** The index of the last static field; dynamic ones follow. */
export const STATIC_LAST: number = staticNames.length - 1;
