/** What a program gets of a syslog message, and its kind. */
import { Kind } from "../../checker/kind.ts";
import { parseInteger } from "../../runtime/integer.ts";
import { setKey } from "../../runtime/object.ts";
import type { VrlObject } from "../../runtime/value.ts";
import type { Message } from "./parse-message.ts";

const text = Kind.bytes;
const maybeText = Kind.bytes.or(Kind.null);

export const messageKind: Kind = Kind.object({
  message: text,
  hostname: maybeText,
  severity: maybeText,
  facility: maybeText,
  appname: maybeText,
  msgid: maybeText,
  timestamp: Kind.timestamp.or(Kind.null),
  procid: Kind.bytes.or(Kind.integer).or(Kind.null),
  version: Kind.integer.or(Kind.null),
});

/** An element of structured data named like another field takes its place. */
export function messageObject(message: Message): VrlObject {
  const object: VrlObject = { message: message.text };
  if (message.hostname !== undefined) object["hostname"] = message.hostname;
  if (message.severity !== undefined) object["severity"] = message.severity;
  if (message.facility !== undefined) object["facility"] = message.facility;
  if (message.version !== undefined) object["version"] = message.version;
  if (message.appname !== undefined) object["appname"] = message.appname;
  if (message.msgid !== undefined) object["msgid"] = message.msgid;
  object["timestamp"] = message.timestamp;
  if (message.procid !== undefined) object["procid"] = processOf(message.procid);
  for (const { id, parameters } of message.elements) setKey(object, id, parameters);
  return object;
}

/** A process's number where it is one of 32 bits, else its name. */
function processOf(name: string): number | string {
  const number = parseInteger(name);
  return typeof number === "number" && number === (number | 0) ? number : name;
}
