/** What was read of a date and a time, and the point in time it stands for, if it does for one. */
import { Timestamp, SECONDS_MAX, SECONDS_MIN } from "../timestamp.ts";
import {
  DAY_SECONDS,
  dayOf,
  dayOfDate,
  dayOfIsoWeek,
  dayOfOrdinal,
  isoWeekOf,
  weekdayOf,
  weeksFrom,
  type CalendarDay,
} from "./calendar.ts";
import type { Zone } from "./zone.ts";

/** What is wrong with a text, as VRL tells it. */
export const TimeProblem = {
  outOfRange: "input is out of range",
  impossible: "no possible date and time matching input",
  notEnough: "input is not enough for unique date and time",
  invalid: "input contains invalid characters",
  tooShort: "premature end of input",
  tooLong: "trailing input",
  badFormat: "bad or unsupported format string",
} as const;

export type TimeProblemText = (typeof TimeProblem)[keyof typeof TimeProblem];

type Result<T> = T | TimeProblemText;

/** Fields that can be read. Of weekdays Monday is 0; half a day is 1 after noon. */
export type ParsedField =
  | "year"
  | "century"
  | "yearOfCentury"
  | "isoYear"
  | "isoYearOfCentury"
  | "quarter"
  | "month"
  | "day"
  | "weekFromSunday"
  | "weekFromMonday"
  | "isoWeek"
  | "weekday"
  | "dayOfYear"
  | "halfDay"
  | "hourOfHalf"
  | "minute"
  | "second"
  | "nanosecond"
  | "timestamp"
  | "offset";

/** The least and the greatest they can be. */
const ranges: Readonly<Record<ParsedField, readonly [min: number, max: number]>> = {
  year: [-2_147_483_648, 2_147_483_647],
  century: [0, 2_147_483_647],
  yearOfCentury: [0, 99],
  isoYear: [-2_147_483_648, 2_147_483_647],
  isoYearOfCentury: [0, 99],
  quarter: [1, 4],
  month: [1, 12],
  day: [1, 31],
  weekFromSunday: [0, 53],
  weekFromMonday: [0, 53],
  isoWeek: [1, 53],
  weekday: [0, 6],
  dayOfYear: [1, 366],
  halfDay: [0, 1],
  hourOfHalf: [0, 11],
  minute: [0, 59],
  second: [0, 60],
  nanosecond: [0, 999_999_999],
  timestamp: [-Infinity, Infinity],
  offset: [-2_147_483_648, 2_147_483_647],
};

interface LocalTime {
  /** Since 1970, without regard to timezones. */
  readonly seconds: number;
  /** 1,000,000,000 and more in a leap second. */
  readonly nanoseconds: number;
}

const LEAP = 1_000_000_000;

/** A timezone's offset is less than a day. */
const OFFSET_MAX = DAY_SECONDS - 1;

export class Parsed {
  readonly #fields: Partial<Record<ParsedField, number>> = {};

  /** Undefined: it is in its range, and was not read as something else before. */
  set(field: ParsedField, value: number): TimeProblemText | undefined {
    const [min, max] = ranges[field];
    if (value < min || value > max) return TimeProblem.outOfRange;
    const known = this.#fields[field];
    if (known !== undefined && known !== value) return TimeProblem.impossible;
    this.#fields[field] = value;
    return undefined;
  }

  setHour(hour: number): TimeProblemText | undefined {
    if (hour > 23) return TimeProblem.outOfRange;
    return this.set("halfDay", hour < 12 ? 0 : 1) ?? this.set("hourOfHalf", hour % 12);
  }

  setHourOf12(hour: number): TimeProblemText | undefined {
    if (hour < 1 || hour > 12) return TimeProblem.outOfRange;
    return this.set("hourOfHalf", hour % 12);
  }

  /** By the offset that was read. */
  toTimestamp(): Result<Timestamp> {
    const { offset, timestamp } = this.#fields;
    if (offset === undefined && timestamp === undefined) return TimeProblem.notEnough;
    const local = this.#local(offset ?? 0);
    if (typeof local === "string") return local;
    if (Math.abs(offset ?? 0) > OFFSET_MAX) return TimeProblem.outOfRange;
    return timestampOf(local, offset ?? 0);
  }

  /** As the timezone's clocks show it; an offset that was read has to be theirs. */
  toTimestampIn(zone: Zone): Result<Timestamp> {
    const { offset, timestamp } = this.#fields;
    if (timestamp !== undefined && !isInRange(timestamp)) return TimeProblem.outOfRange;
    const guessed = timestamp === undefined ? 0 : zone.spanAt(timestamp).offset;
    const local = this.#local(guessed);
    if (typeof local === "string") return local;
    const spans = zone.spansAtLocal(local.seconds);
    const fitting = spans.filter((span) => offset === undefined || span.offset === offset);
    const [span, other] = fitting;
    if (span === undefined) return TimeProblem.impossible;
    return other === undefined ? timestampOf(local, span.offset) : TimeProblem.notEnough;
  }

  #local(offset: number): Result<LocalTime> {
    const day = this.#day();
    const time = this.#time();
    const { timestamp } = this.#fields;
    if (typeof day !== "string" && typeof time !== "string") {
      const seconds = day.number * DAY_SECONDS + time.seconds;
      const isSame =
        timestamp === undefined ||
        timestamp === seconds - offset ||
        (time.nanoseconds >= LEAP && timestamp === seconds - offset + 1);
      return isSame ? { seconds, nanoseconds: time.nanoseconds } : TimeProblem.impossible;
    }
    if (timestamp === undefined) return typeof day === "string" ? day : time;
    for (const problem of [TimeProblem.outOfRange, TimeProblem.impossible])
      if (day === problem || time === problem) return problem;
    return this.#localOfTimestamp(timestamp + offset);
  }

  /** What was not read comes from the timestamp, what was has to agree. */
  #localOfTimestamp(local: number): Result<LocalTime> {
    if (!isInRange(local)) return TimeProblem.outOfRange;
    const copy = new Parsed();
    Object.assign(copy.#fields, this.#fields);
    let seconds = local;
    const second = ((local % 60) + 60) % 60;
    if (this.#fields.second === 60) {
      if (second === 0) seconds--;
      else if (second !== 59) return TimeProblem.impossible;
    } else {
      const problem = copy.set("second", second);
      if (problem !== undefined) return problem;
    }
    const day = dayOf(Math.floor(seconds / DAY_SECONDS));
    const ofDay = seconds - day.number * DAY_SECONDS;
    const problem =
      copy.set("year", day.year) ??
      copy.set("dayOfYear", day.dayOfYear) ??
      copy.setHour(Math.floor(ofDay / 3600)) ??
      copy.set("minute", Math.floor((ofDay % 3600) / 60));
    if (problem !== undefined) return problem;
    const date = copy.#day();
    if (typeof date === "string") return date;
    const time = copy.#time();
    if (typeof time === "string") return time;
    return { seconds: date.number * DAY_SECONDS + time.seconds, nanoseconds: time.nanoseconds };
  }

  #time(): Result<LocalTime> {
    const { halfDay, hourOfHalf, minute, second, nanosecond } = this.#fields;
    if (halfDay === undefined || hourOfHalf === undefined || minute === undefined)
      return TimeProblem.notEnough;
    if (nanosecond !== undefined && second === undefined) return TimeProblem.notEnough;
    const isLeap = second === 60;
    return {
      seconds: ((halfDay * 12 + hourOfHalf) * 60 + minute) * 60 + (isLeap ? 59 : (second ?? 0)),
      nanoseconds: (nanosecond ?? 0) + (isLeap ? LEAP : 0),
    };
  }

  #day(): Result<CalendarDay> {
    const fields = this.#fields;
    const year = yearOf(fields.year, fields.century, fields.yearOfCentury);
    if (typeof year === "string") return year;
    const isoYear = yearOf(fields.isoYear, undefined, fields.isoYearOfCentury);
    if (typeof isoYear === "string") return isoYear;
    const day = this.#dayOfYears(year, isoYear);
    if (typeof day === "string") return day;
    return this.#agrees(day) ? day : TimeProblem.impossible;
  }

  #dayOfYears(year: number | undefined, isoYear: number | undefined): Result<CalendarDay> {
    const { month, day, dayOfYear, weekday, weekFromSunday, weekFromMonday, isoWeek } = this.#fields;
    const { outOfRange } = TimeProblem;
    if (year !== undefined) {
      if (month !== undefined && day !== undefined) return dayOfDate(year, month, day) ?? outOfRange;
      if (dayOfYear !== undefined) return dayOfOrdinal(year, dayOfYear) ?? outOfRange;
      if (weekFromSunday !== undefined && weekday !== undefined)
        return dayOfWeek(year, weekFromSunday, weekday, 6);
      if (weekFromMonday !== undefined && weekday !== undefined)
        return dayOfWeek(year, weekFromMonday, weekday, 0);
    }
    if (isoYear !== undefined && isoWeek !== undefined && weekday !== undefined)
      return dayOfIsoWeek(isoYear, isoWeek, weekday) ?? outOfRange;
    return TimeProblem.notEnough;
  }

  /** Whether all that was read is true of the day. */
  #agrees(day: CalendarDay): boolean {
    const fields = this.#fields;
    const iso = isoWeekOf(day);
    const isTrue = (field: ParsedField, value: number | undefined): boolean =>
      fields[field] === undefined || fields[field] === value;
    return (
      isTrue("year", day.year) &&
      isTrue("century", day.year < 0 ? undefined : Math.floor(day.year / 100)) &&
      isTrue("yearOfCentury", day.year < 0 ? undefined : day.year % 100) &&
      isTrue("month", day.month) &&
      isTrue("day", day.day) &&
      isTrue("isoYear", iso.year) &&
      isTrue("isoYearOfCentury", iso.year < 0 ? undefined : iso.year % 100) &&
      isTrue("isoWeek", iso.week) &&
      isTrue("weekday", day.weekday) &&
      isTrue("dayOfYear", day.dayOfYear) &&
      isTrue("weekFromSunday", weeksFrom(day, 6)) &&
      isTrue("weekFromMonday", weeksFrom(day, 0)) &&
      isTrue("quarter", Math.floor((day.month - 1) / 3) + 1)
    );
  }
}

/** Two digits alone are of 1970 to 2069. */
function yearOf(
  year: number | undefined,
  century: number | undefined,
  yearOfCentury: number | undefined,
): Result<number | undefined> {
  if (century === undefined && yearOfCentury === undefined) return year;
  if (year !== undefined) {
    if (year < 0) return TimeProblem.impossible;
    const isSame =
      (century ?? Math.floor(year / 100)) === Math.floor(year / 100) &&
      (yearOfCentury ?? year % 100) === year % 100;
    return isSame ? year : TimeProblem.impossible;
  }
  if (yearOfCentury === undefined) return TimeProblem.notEnough;
  if (century === undefined) return yearOfCentury + (yearOfCentury < 70 ? 2000 : 1900);
  const whole = century * 100 + yearOfCentury;
  return whole > ranges.year[1] ? TimeProblem.outOfRange : whole;
}

/** Week 1 begins with the first of `firstWeekday` in the year. */
function dayOfWeek(year: number, week: number, weekday: number, firstWeekday: number): Result<CalendarDay> {
  const first = dayOfOrdinal(year, 1);
  if (first === undefined) return TimeProblem.outOfRange;
  const firstWeek = 1 + ((firstWeekday - weekdayOf(first.number) + 7) % 7);
  const dayOfYear = firstWeek + (week - 1) * 7 + ((weekday - firstWeekday + 7) % 7);
  if (dayOfYear <= 0) return TimeProblem.impossible;
  return dayOfOrdinal(year, dayOfYear) ?? TimeProblem.impossible;
}

function isInRange(seconds: number): boolean {
  return seconds >= SECONDS_MIN && seconds <= SECONDS_MAX;
}

function timestampOf({ seconds, nanoseconds }: LocalTime, offset: number): Result<Timestamp> {
  const utc = seconds - offset;
  return isInRange(utc) ? new Timestamp(utc, nanoseconds) : TimeProblem.impossible;
}
