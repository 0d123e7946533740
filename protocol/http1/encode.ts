import { Fault } from "@plinth/fault";
import { METHOD, octets, TARGET, TOKEN, VALUE } from "./octets.ts";

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

function isAll(text: string, octetClass: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 255 || (octets[code]! & octetClass) === 0) return false;
  }
  return true;
}

function headerLines(headers: HeaderPairs): string {
  let lines = "";
  for (const [name, value] of headers) {
    if (name === "" || !isAll(name, TOKEN)) {
      throw new Fault("invalid", `Cannot encode header ${JSON.stringify(name)}: not a token`);
    }
    if (!isAll(value, VALUE) || value !== value.trim()) {
      throw new Fault(
        "invalid",
        `Cannot encode header ${name}: its value holds a byte that has no place in one`,
      );
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** The bytes of a request's head. Framing headers are the caller's to give. */
export function encodeRequestHead(method: string, target: string, headers: HeaderPairs, minor = 1): Buffer {
  if (method === "" || !isAll(method, METHOD)) {
    throw new Fault("invalid", `Cannot encode request: method ${JSON.stringify(method)}`);
  }
  if (target === "" || !isAll(target, TARGET)) {
    throw new Fault("invalid", `Cannot encode request: target ${JSON.stringify(target)}`);
  }
  return Buffer.from(`${method} ${target} HTTP/1.${minor}\r\n${headerLines(headers)}\r\n`, "latin1");
}

/** The bytes of a response's head. Framing headers are the caller's to give. */
export function encodeResponseHead(status: number, reason: string, headers: HeaderPairs, minor = 1): Buffer {
  if (!Number.isInteger(status) || status < 100 || status > 599 || !isAll(reason, VALUE)) {
    throw new Fault("invalid", `Cannot encode response: status ${status} ${JSON.stringify(reason)}`);
  }
  return Buffer.from(`HTTP/1.${minor} ${status} ${reason}\r\n${headerLines(headers)}\r\n`, "latin1");
}

/** One chunk of a chunked body; an empty payload has no chunk, since that would end the body. */
export function encodeChunk(payload: Uint8Array): Buffer {
  if (payload.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, Buffer.from("\r\n")]);
}

/** Ends a chunked body that has no trailers. */
export const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n");
