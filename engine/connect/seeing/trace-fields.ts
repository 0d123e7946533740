/** HTTP/2's fields: names and values in turn. */
export function fieldValues(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < fields.length; index += 2)
    if (fields[index] === name) values.push(fields[index + 1]!);
  return values;
}

/** The fields with this `traceparent` as the only and last one; without the state of one that was malformed. */
export function withTraceParent(fields: readonly string[], value: string): string[] {
  const parents = fieldValues(fields, "traceparent");
  // Only a well-formed parent is taken over: then the trace goes on, and so does its state.
  const isSame = parents.length === 1 && parents[0]!.slice(3, 35) === value.slice(3, 35);
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    if (name === "traceparent" || (!isSame && name === "tracestate")) continue;
    kept.push(name, fields[index + 1]!);
  }
  kept.push("traceparent", value);
  return kept;
}
