/** The function behind `parse_syslog` and its aliases. */
import { Failure } from "../../runtime/failure.ts";
import { lossyText, type Text } from "../../runtime/text.ts";
import type { Value } from "../../runtime/value.ts";
import type { PrepareView, Run } from "../define.ts";
import { currentYear } from "../log/year.ts";
import { earliestLocalTime, programZone } from "../log/zone.ts";
import { parseMessage } from "./parse-message.ts";
import type { DateReader } from "./timestamp.ts";
import { messageObject } from "./to-object.ts";

export function prepareSyslog({ host, timezone }: PrepareView): Run {
  const zone = programZone(timezone, host);
  const reader: DateReader = {
    yearOf: (month) => currentYear(host, month),
    localTime: (civil) => earliestLocalTime(civil, zone),
    isLocal: timezone === "local" || timezone === "",
  };
  return (value: Text): Value | Failure => {
    const message = parseMessage(lossyText(value), reader);
    if (message === undefined) return new Failure("unable to parse input as valid syslog message");
    return messageObject(message);
  };
}
