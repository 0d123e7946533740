/** Points in time to the nanosecond, as chrono's `DateTime<Utc>`. */

/** Whole seconds chrono can tell: -262143-01-01T00:00:00Z to +262142-12-31T23:59:59Z. */
export const SECONDS_MIN = -8_334_601_228_800;
export const SECONDS_MAX = 8_210_266_876_799;

const SECOND_NANOSECONDS = 1_000_000_000n;

export class Timestamp {
  /** Since 1970-01-01T00:00:00Z, rounded down; `SECONDS_MIN` to `SECONDS_MAX`. */
  readonly seconds: number;
  /** Of the second that has begun: 0 to 999,999,999, and as many more in a leap second, which has no number of its own. */
  readonly nanoseconds: number;

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  /** `milliseconds`: a finite number; the part below a millisecond is kept to the nanosecond. */
  static fromMilliseconds(milliseconds: number): Timestamp {
    const seconds = Math.floor(milliseconds / 1000);
    return new Timestamp(seconds, Math.round((milliseconds - seconds * 1000) * 1e6));
  }

  /** Since 1970. */
  static fromNanoseconds(nanoseconds: bigint): Timestamp {
    const rest = ((nanoseconds % SECOND_NANOSECONDS) + SECOND_NANOSECONDS) % SECOND_NANOSECONDS;
    return new Timestamp(Number((nanoseconds - rest) / SECOND_NANOSECONDS), Number(rest));
  }

  /** Since 1970, rounded down. */
  get milliseconds(): number {
    return this.seconds * 1000 + Math.floor(this.nanoseconds / 1e6);
  }

  /** RFC 3339 in UTC with as many of 0, 3, 6 or 9 digits of the second as it has: `2024-02-29T12:00:00.5Z` has 3. */
  toString(): string {
    const leap = this.nanoseconds >= 1e9 ? 1 : 0;
    const nanoseconds = this.nanoseconds - leap * 1e9;
    const digits = nanoseconds === 0 ? 0 : nanoseconds % 1e6 === 0 ? 3 : nanoseconds % 1000 === 0 ? 6 : 9;
    const fraction = digits === 0 ? "" : `.${String(nanoseconds).padStart(9, "0").slice(0, digits)}`;
    const civil = civilOf(this.seconds);
    const { year, month, day, hour, minute } = civil;
    const second = civil.second + leap;
    return `${yearText(year)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}${fraction}Z`;
  }
}

export function compareTimestamps(left: Timestamp, right: Timestamp): number {
  return Math.sign(left.seconds - right.seconds) || Math.sign(left.nanoseconds - right.nanoseconds);
}

/** Date and time of day in the proleptic Gregorian calendar; months and days from 1. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DAY_SECONDS = 86_400;

/** Of whole seconds since 1970 in UTC. Days are counted in eras of 400 years that begin in March. */
export function civilOf(seconds: number): Civil {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
  };
}

/** Whole seconds since 1970 in UTC; the parts are in their ranges. */
export function secondsOf({ year, month, day, hour, minute, second }: Civil): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
}

function pad(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** Four digits, or a sign and at least five as RFC 3339's users extend it. */
function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(year < 0 ? 4 : 5, "0")}`;
}
