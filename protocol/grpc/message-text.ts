/** grpc-message as a field can carry it: UTF-8, and what is no visible ASCII in percents. */
export function encodeMessageText(text: string): string {
  if (/^[ -$&-~]*$/.test(text) && text === text.trim()) return text;
  let encoded = "";
  for (const octet of Buffer.from(text)) {
    const plain = octet > 0x20 && octet < 0x7f && octet !== 0x25;
    encoded += plain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Never fails: what is no percent code stays as it is. */
export function decodeMessageText(text: string): string {
  if (!text.includes("%")) return text;
  const octets: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const code = /^%[0-9A-Fa-f]{2}/.test(text.slice(index, index + 3));
    octets.push(code ? Number.parseInt(text.slice(index + 1, index + 3), 16) : text.charCodeAt(index));
    if (code) index += 2;
  }
  return Buffer.from(octets).toString("utf8");
}
