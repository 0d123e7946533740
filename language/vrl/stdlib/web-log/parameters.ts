/** What the functions that read web servers' logs have in common: a parameter, kinds, notices. */
import { Kind, Part } from "../../checker/kind.ts";
import type { Parameter } from "../define.ts";

export const MISSING_NOTICE = "What a line tells by `-` is not there: the result has no such field.";

export function timestampFormat(description: string, ifNot: string): Parameter {
  return {
    name: "timestamp_format",
    kind: Part.bytes,
    isOptional: true,
    default: ifNot,
    description: `${description}, as [chrono's format](https://docs.rs/chrono/latest/chrono/format/strftime/index.html).`,
  };
}

export const maybeText: Kind = Kind.bytes.or(Kind.null);
export const maybeInteger: Kind = Kind.integer.or(Kind.null);
export const maybeTimestamp: Kind = Kind.timestamp.or(Kind.null);

const accessFields = {
  host: maybeText,
  identity: maybeText,
  user: maybeText,
  timestamp: maybeTimestamp,
  message: maybeText,
  method: maybeText,
  path: maybeText,
  protocol: maybeText,
  status: maybeInteger,
  size: maybeInteger,
};

export const accessKind: Kind = Kind.object(accessFields);
export const combinedKind: Kind = Kind.object({ ...accessFields, referrer: maybeText, agent: maybeText });
