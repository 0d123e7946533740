/** The Gregorian calendar's limits. */
import { type Civil, secondsOf, Timestamp } from "../../runtime/timestamp.ts";

/** Years that timestamps can tell; their first and last are not whole in each timezone. */
const YEAR_MAX = 262_000;

/** Whether there is such a day and time of day; no second is the 60th. */
export function isCivil({ year, month, day, hour, minute, second }: Civil): boolean {
  return isDay(year, month, day) && hour >= 0 && hour < 24 && isSexagesimal(minute) && isSexagesimal(second);
}

export function isDay(year: number, month: number, day: number): boolean {
  if (Math.abs(year) > YEAR_MAX || month < 1 || month > 12 || day < 1) return false;
  return day <= daysOf(year, month);
}

function isSexagesimal(value: number): boolean {
  return value >= 0 && value < 60;
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** In UTC. The 60th second, a leap second, is the one before it with a second more of nanoseconds. */
export function leapTimestamp(civil: Civil, nanoseconds: number): Timestamp {
  if (civil.second < 60) return new Timestamp(secondsOf(civil), nanoseconds);
  return new Timestamp(secondsOf({ ...civil, second: 59 }), nanoseconds + 1_000_000_000);
}
