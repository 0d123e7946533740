/** The functions behind those that read web servers' logs. */
import { Failure } from "../../runtime/failure.ts";
import { lossyText, type Text } from "../../runtime/text.ts";
import type { Value } from "../../runtime/value.ts";
import type { PrepareView, Run } from "../define.ts";
import { timestampReader } from "../log/zone.ts";
import { type Format, type ReadTimestamp, readLine } from "./format.ts";

/**
 * Takes the first format that matches. `run` gets the line, and the format of its time as its last argument: the
 * parameter `timestamp_format`, `ifNot` where that is not given.
 */
export function prepareFormats(
  call: PrepareView,
  formats: readonly Format[],
  ifNot: string,
  mismatch: string,
): Run {
  const constant =
    call.argument("timestamp_format") === undefined ? ifNot : call.constant("timestamp_format");
  const readConstant =
    constant === undefined
      ? undefined
      : timestampReader(lossyText(constant as Text), call.timezone, call.host);
  return (value: Text, ...rest: readonly Text[]): Value | Failure => {
    const read: ReadTimestamp =
      readConstant ?? timestampReader(lossyText(rest[rest.length - 1]!), call.timezone, call.host);
    const line = lossyText(value);
    for (const each of formats) {
      const object = readLine(line, each, read);
      if (object !== undefined) return object;
    }
    return new Failure(mismatch);
  };
}
