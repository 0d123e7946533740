/** HTTP/2's fields: names and values in turn. */

/** What there is of a trace: the one `traceparent`, none, or several, which is none (section 3.2). */
export function traceParentOf(fields: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] !== "traceparent") continue;
    if (found !== undefined) return "";
    found = fields[index + 1]!;
  }
  return found;
}

/**
 * Puts this `traceparent` last and takes away others. The state of a trace that does not go on goes with it. Budget: one
 * walk and one push where there is none, the usual case; the fields are the caller's own.
 */
export function setTraceParent(fields: string[], value: string, goesOn: boolean): string[] {
  const isOld = (name: string): boolean => name === "traceparent" || (!goesOn && name === "tracestate");
  for (let index = 0; index < fields.length; index += 2) {
    if (!isOld(fields[index]!)) continue;
    const kept: string[] = [];
    for (let at = 0; at < fields.length; at += 2)
      if (!isOld(fields[at]!)) kept.push(fields[at]!, fields[at + 1]!);
    kept.push("traceparent", value);
    return kept;
  }
  fields.push("traceparent", value);
  return fields;
}
