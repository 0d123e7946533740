import { dateOf, isoTime } from "@plinth/clock";
import { ACCESS_TEXT_MAX } from "./limits.ts";
import type { Sighting } from "./sighting.ts";

export type AccessFormat = "combined" | "json";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number): string => String(value).padStart(2, "0");

/** `10/Oct/2000:13:55:36 +0000`, always in UTC. */
function clfTime(atMs: number): string {
  const date = dateOf(atMs);
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** What clients send must not end a field or a line, nor drive the terminal it is read in: as Apache escapes it. */
function escaped(text: string): string {
  const cut = text.length > ACCESS_TEXT_MAX ? `${text.slice(0, ACCESS_TEXT_MAX)}...` : text;
  return cut.replace(/["\\]|[^ -~]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return [...Buffer.from(character, character <= "\u00ff" ? "latin1" : "utf8")]
      .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
      .join("");
  });
}

const quoted = (text: string): string => `"${text === "" ? "-" : escaped(text)}"`;

/** Apache's combined format; the user is the calling service, "-" for what comes from outside. */
export function combinedLine(sighting: Sighting, endedMs: number): string {
  const { begin, edge, status, durationMs, responseBytes } = sighting;
  const user = begin.fromOutside ? "-" : `${edge.app}/${edge.caller}`;
  const version = begin.protocol === "HTTP/1.1" ? "HTTP/1.1" : "HTTP/2.0";
  const asked = quoted(`${begin.method} ${begin.path} ${version}`);
  const host = begin.client.replace(/:\d+$/, "");
  const bytes = responseBytes === 0 ? "-" : String(responseBytes);
  const from = `${quoted(begin.referer)} ${quoted(begin.userAgent)}`;
  // Apache stamps a request with the time it came in.
  return `${host} - ${user} [${clfTime(endedMs - durationMs)}] ${asked} ${status || 499} ${bytes} ${from}\n`;
}

const cut = (text: string): string => text.slice(0, ACCESS_TEXT_MAX);

export function jsonLine(sighting: Sighting, endedMs: number): string {
  const { begin, edge, status, grpcStatus, retries, error, instance } = sighting;
  const line = {
    at: isoTime(endedMs - sighting.durationMs),
    client: begin.client,
    caller: begin.fromOutside ? null : `${edge.app}/${edge.caller}`,
    app: edge.calleeApp,
    service: edge.service,
    instance: instance === "" ? null : instance,
    protocol: begin.protocol,
    method: cut(begin.method),
    authority: cut(begin.authority),
    path: cut(begin.path),
    status: status === 0 ? null : status,
    grpcStatus: grpcStatus < 0 ? null : grpcStatus,
    responseBytes: sighting.responseBytes,
    latencyMs: Math.round(sighting.latencyMs * 1_000) / 1_000,
    durationMs: Math.round(sighting.durationMs * 1_000) / 1_000,
    retries,
    error: error === "" ? null : error,
    referer: begin.referer === "" ? null : cut(begin.referer),
    userAgent: begin.userAgent === "" ? null : cut(begin.userAgent),
  };
  // JSON leaves these as they are, and terminals do not.
  return `${JSON.stringify(line).replace(/[\u007f-\u009f\u2028\u2029]/g, unicode)}\n`;
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
