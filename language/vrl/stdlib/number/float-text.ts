/** A float as Rust reads it, with infinities and NaN; undefined: it is none. */
export function floatOfText(text: string): number | undefined {
  const match = /^([+-]?)(?:(inf(?:inity)?)|(nan)|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, infinity, nan] = match;
  if (nan !== undefined) return Number.NaN;
  if (infinity !== undefined) return sign === "-" ? -Infinity : Infinity;
  return Number(text);
}

/** The same without NaN, which no value is. */
export function numberOfText(text: string): number | undefined {
  const float = floatOfText(text);
  return Number.isNaN(float) ? undefined : float;
}
