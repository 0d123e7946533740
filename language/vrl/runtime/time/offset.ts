/** How offsets from UTC, in seconds, are written. */

/** Rounded to the minute. */
export function offsetText(offset: number, colon: string): string {
  const minutes = Math.floor((Math.abs(offset) + 30) / 60);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
  return `${offset < 0 ? "-" : "+"}${two(hour)}${colon}${two(minute)}`;
}

/** With the seconds. */
export function exactOffsetText(offset: number): string {
  const size = Math.abs(offset);
  const parts = [Math.floor(size / 3600), Math.floor((size % 3600) / 60), size % 60];
  return (offset < 0 ? "-" : "+") + parts.map(two).join(":");
}

/** As a fixed offset is named: seconds only where it has some. */
export function offsetName(offset: number): string {
  const text = exactOffsetText(offset);
  return text.endsWith(":00") ? text.slice(0, -3) : text;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
