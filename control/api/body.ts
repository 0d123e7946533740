import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "@plinth/fault";
import { quoted } from "@plinth/resource";
import { JSON_BYTES_MAX, JSON_DEPTH_MAX } from "./limits.ts";
import { Refusal } from "./status.ts";

/** Reads a body of at most `bytesMax`; one that is larger is refused at its announcement or at its first byte too many. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  if (request.headers["content-encoding"] !== undefined) {
    throw new Refusal("unsupported-media-type", "Cannot read the body: send it without a Content-Encoding");
  }
  if (request.headers.expect !== undefined) response.writeContinue();
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving this loop must not destroy the connection: the refusal is still to be written to it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): Fault {
  return new Fault("too-large", `Cannot read the body: more than ${bytesMax} bytes`);
}

/** Reads a JSON body; the type is checked so that a web page cannot send one without asking first. */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  contentTypes: readonly string[],
): Promise<unknown> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "none";
  if (!contentTypes.includes(type)) {
    throw new Refusal(
      "unsupported-media-type",
      `Cannot read the body: its Content-Type is ${JSON.stringify(type.slice(0, 80))}, not ${contentTypes.join(" or ")}`,
    );
  }
  return parseJson(await readBody(request, response, JSON_BYTES_MAX));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Parses JSON in UTF-8 that is not nested too deeply to be worked with and says nothing twice. */
export function parseJson(bytes: Buffer): unknown {
  checkStructure(bytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    // The parser's message quotes the text around the fault; shown, it helps, and it is the caller's own text.
    const detail = error instanceof Error ? error.message.slice(0, 200) : "";
    throw new Refusal("bad-request", `Cannot read the body as JSON: ${detail}`);
  }
}

/**
 * Refuses deep nesting, and objects that name a key twice, of which JSON.parse would drop one without a word. Anything
 * else that is wrong is left to the parser.
 */
function checkStructure(bytes: Buffer): void {
  /** For each open bracket the keys seen in it. */
  const open: Set<string>[] = [];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte === QUOTE) {
      const start = index;
      for (index++; index < bytes.length && bytes[index] !== QUOTE; index++) {
        if (bytes[index] === BACKSLASH) index++;
      }
      if (isKey(bytes, index + 1)) checkKey(bytes.toString("utf8", start, index + 1), open.at(-1));
    } else if (byte === 0x7b || byte === 0x5b) {
      if (open.push(new Set()) > JSON_DEPTH_MAX) {
        throw new Refusal("bad-request", `Cannot read the body: nested more than ${JSON_DEPTH_MAX} deep`);
      }
    } else if (byte === 0x7d || byte === 0x5d) {
      open.pop();
    }
  }
}

/** Whether a colon comes next. */
function isKey(bytes: Buffer, from: number): boolean {
  let index = from;
  while (bytes[index] === 0x20 || bytes[index] === 0x09 || bytes[index] === 0x0a || bytes[index] === 0x0d)
    index++;
  return bytes[index] === 0x3a;
}

function checkKey(text: string, seen: Set<string> | undefined): void {
  let key: string;
  try {
    // "a" and "\u0061" are one key.
    key = JSON.parse(text) as string;
  } catch {
    return;
  }
  if (seen?.has(key)) throw new Refusal("bad-request", `Cannot read the body: it names ${quoted(key)} twice`);
  seen?.add(key);
}
