/** What a release changed, in words a person would use. */
import type { ReleaseSpec, ServiceSpec } from "@plinth/resource";

export interface Change {
  readonly service: string;
  readonly text: string;
}

type State = Pick<ReleaseSpec, "services" | "ingress" | "secrets">;

const show = (value: unknown): string => {
  if (value === undefined) return "none";
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** Equal as data: both come from the same writer, so the order of keys is the same. */
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function environmentChanges(before: ServiceSpec, after: ServiceSpec): string[] {
  const names = new Set([...Object.keys(before.env ?? {}), ...Object.keys(after.env ?? {})]);
  const texts: string[] = [];
  for (const name of [...names].sort()) {
    const old = before.env?.[name];
    const now = after.env?.[name];
    if (same(old, now)) continue;
    const value = typeof now === "object" ? `secret ${now.secret}` : now;
    if (now === undefined) texts.push(`env ${name} removed`);
    else texts.push(`env ${name}=${value}${old === undefined ? " added" : ` (was ${show(old)})`}`);
  }
  return texts;
}

function serviceChanges(before: ServiceSpec, after: ServiceSpec): string[] {
  const texts: string[] = [];
  if (before.source?.digest !== after.source?.digest) texts.push("new files");
  texts.push(...environmentChanges(before, after));
  const replicas = [before.replicas ?? 1, after.replicas ?? 1];
  if (replicas[0] !== replicas[1]) texts.push(`replicas ${replicas[0]} → ${replicas[1]}`);
  for (const field of [
    "command",
    "cwd",
    "port",
    "health",
    "calls",
    "resources",
    "deploy",
    "restart",
  ] as const) {
    if (same(before[field], after[field])) continue;
    texts.push(`${field} ${show(before[field])} → ${show(after[field])}`);
  }
  return texts;
}

export function changesBetween(before: State | undefined, after: State): readonly Change[] {
  if (before === undefined) return [{ service: "", text: "First release" }];
  const changes: Change[] = [];
  for (const [service, spec] of Object.entries(after.services)) {
    const old = before.services[service];
    if (old === undefined) changes.push({ service, text: "added" });
    else for (const text of serviceChanges(old, spec)) changes.push({ service, text });
  }
  for (const service of Object.keys(before.services)) {
    if (after.services[service] === undefined) changes.push({ service, text: "removed" });
  }
  if (!same(before.ingress, after.ingress)) {
    changes.push({ service: "ingress", text: `${show(before.ingress)} → ${show(after.ingress)}` });
  }
  for (const name of Object.keys(after.secrets ?? {})) {
    if (before.secrets?.[name] !== after.secrets?.[name])
      changes.push({ service: "secret", text: `${name} changed` });
  }
  return changes;
}
