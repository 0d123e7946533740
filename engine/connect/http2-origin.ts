const forwarded = new Set(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

/** A request's fields as ingress sends them on: only the proxy's own word counts on where it came from. */
export function withOrigin(fields: readonly string[], client: string, host: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (!forwarded.has(fields[index]!)) kept.push(fields[index]!, fields[index + 1]!);
  }
  kept.push("x-forwarded-for", client, "x-forwarded-proto", "http", "x-forwarded-host", host);
  return kept;
}
