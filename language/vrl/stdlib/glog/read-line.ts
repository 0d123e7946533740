/**
 * Lines that Google's logging libraries write: `Ldate time thread file:line] message`, where `L` is a letter for the level.
 * The date has a year (glog) or none (klog).
 */
import { Kind } from "../../checker/kind.ts";
import { Failure } from "../../runtime/failure.ts";
import { parseInteger } from "../../runtime/integer.ts";
import type { GroupTexts } from "../../runtime/regex.ts";
import type { Timestamp } from "../../runtime/timestamp.ts";
import type { VrlObject } from "../../runtime/value.ts";
import { isDay, leapTimestamp } from "../log/calendar.ts";
import { LinearRegex } from "../log/regex.ts";

export const lineKind: Kind = Kind.object({
  level: Kind.bytes,
  timestamp: Kind.timestamp,
  id: Kind.integer,
  file: Kind.bytes,
  line: Kind.integer,
  message: Kind.bytes,
});

export interface Form {
  readonly name: string;
  /** Any line that matches, in linear time. */
  readonly exact: LinearRegex;
  /**
   * Lines as they are written; each part ends at a character that is not in it, so there is no going back but from the
   * end of the line over its white space. Groups: level, date and time, thread, file, line, message.
   */
  readonly quick: RegExp;
  /** Digits of the year in the date; 0: it is told by the month. */
  readonly yearDigits: number;
}

export function form(name: string, yearDigits: number): Form {
  const digits = yearDigits + 4;
  return {
    name,
    yearDigits,
    exact: new LinearRegex(
      String.raw`^\s*(\w)(\d{${digits}}\s\d{2}:\d{2}:\d{2}\.\d{6})\s+(\d+)\s(.+):(\d+)\]\s(.*?)\s*$`,
    ),
    quick: new RegExp(
      String.raw`^([A-Z])([0-9]{${digits}} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}) +([0-9]+) ([!-9;-~]+):([0-9]+)\] (.*[!-~]|)$`,
    ),
  };
}

// What could be taken for the end of the header: the last such in a line is.
const HEADER_END = /[0-9]\][\s\x85]/;

const levels: Readonly<Record<string, string>> = { I: "info", W: "warning", E: "error", F: "fatal" };

/** `yearOf` tells the year of a date without one. */
export function readLine(
  text: string,
  { name, exact, quick, yearDigits }: Form,
  yearOf: (month: number) => number,
): VrlObject | Failure {
  const quickly = quick.exec(text);
  const parts: GroupTexts | undefined =
    quickly === null || HEADER_END.test(quickly[6]!) ? exact.groups(text) : quickly;
  if (parts === undefined) return new Failure(`failed parsing ${name} message`);
  const [, letter = "", time = "", thread = "", file = "", lineNumber = "", message = ""] = parts;
  const level = Object.hasOwn(levels, letter) ? levels[letter]! : undefined;
  if (level === undefined) return new Failure(`unrecognized log level "${letter}"`);
  const timestamp = readTime(time, yearDigits, yearOf);
  if (typeof timestamp === "string") return new Failure(`failed parsing timestamp ${time}: ${timestamp}`);
  const id = parseInteger(thread);
  if (id === undefined) return new Failure("failed parsing id");
  const line = parseInteger(lineNumber);
  if (line === undefined) return new Failure("failed parsing line");
  return { level, timestamp, id, file, line, message };
}

/** Or why it is none. */
function readTime(time: string, yearDigits: number, yearOf: (month: number) => number): Timestamp | string {
  const number = (from: number, to: number) => Number(time.slice(from, to));
  const at = yearDigits;
  const month = number(at, at + 2);
  const year = yearDigits === 0 ? yearOf(month) : number(0, at);
  const day = number(at + 2, at + 4);
  const hour = number(at + 5, at + 7);
  const minute = number(at + 8, at + 10);
  const second = number(at + 11, at + 13);
  const micros = number(at + 14, at + 20);
  // Digits of other scripts are digits to the form, but to no number.
  if (Number.isNaN(year + month + day + hour + minute + second + micros))
    return "input contains invalid characters";
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 60) return "input is out of range";
  return leapTimestamp({ year, month, day, hour, minute, second }, micros * 1000);
}
