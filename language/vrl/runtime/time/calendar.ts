/** Days of the proleptic Gregorian calendar, by their number since 1970-01-01. */
import { civilOf, secondsOf } from "../timestamp.ts";

export const DAY_SECONDS = 86_400;

/** Years chrono can tell. */
const YEAR_MIN = -262_143;
const YEAR_MAX = 262_142;

export interface CalendarDay {
  readonly number: number;
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From 1. */
  readonly dayOfYear: number;
  /** Monday is 0. */
  readonly weekday: number;
}

export function dayOf(number: number): CalendarDay {
  const { year, month, day } = civilOf(number * DAY_SECONDS);
  const dayOfYear = number - firstDay(year) + 1;
  return { number, year, month, day, dayOfYear, weekday: weekdayOf(number) };
}

/** Undefined: there is none. */
export function dayOfDate(year: number, month: number, day: number): CalendarDay | undefined {
  if (year < YEAR_MIN || year > YEAR_MAX) return undefined;
  const date = dayOf(secondsOf({ year, month, day, hour: 0, minute: 0, second: 0 }) / DAY_SECONDS);
  return date.month === month && date.day === day ? date : undefined;
}

export function dayOfOrdinal(year: number, dayOfYear: number): CalendarDay | undefined {
  if (year < YEAR_MIN || year > YEAR_MAX) return undefined;
  const date = dayOf(firstDay(year) + dayOfYear - 1);
  return date.year === year ? date : undefined;
}

/** `weekday`: Monday is 0. */
export function dayOfIsoWeek(isoYear: number, week: number, weekday: number): CalendarDay | undefined {
  if (isoYear < YEAR_MIN || isoYear > YEAR_MAX) return undefined;
  const monday = firstMonday(isoYear) + (week - 1) * 7;
  if (week < 1 || monday >= firstMonday(isoYear + 1)) return undefined;
  const date = dayOf(monday + weekday);
  return date.year < YEAR_MIN || date.year > YEAR_MAX ? undefined : date;
}

/** Of the week that has most of its days in that year. */
export function isoWeekOf(day: CalendarDay): { readonly year: number; readonly week: number } {
  const thursday = day.number - day.weekday + 3;
  const { year } = civilOf(thursday * DAY_SECONDS);
  return { year, week: (day.number - day.weekday - firstMonday(year)) / 7 + 1 };
}

/** How many weeks have begun that year; `firstWeekday` begins them, Monday is 0. */
export function weeksFrom({ dayOfYear, weekday }: CalendarDay, firstWeekday: number): number {
  const since = (weekday - firstWeekday + 7) % 7;
  return Math.floor((dayOfYear - 1 - since + 7) / 7);
}

export function weekdayOf(number: number): number {
  // 1970-01-01 was a Thursday.
  return (((number + 3) % 7) + 7) % 7;
}

function firstDay(year: number): number {
  return secondsOf({ year, month: 1, day: 1, hour: 0, minute: 0, second: 0 }) / DAY_SECONDS;
}

/** The Monday of the week of January 4. */
function firstMonday(isoYear: number): number {
  const fourth = firstDay(isoYear) + 3;
  return fourth - weekdayOf(fourth);
}
