import type { KindName, Resource } from "@plinth/resource";
import { phaseColours } from "./progress.ts";
import type { Column } from "./terminal/columns.ts";
import { plainLine } from "./terminal/plain-text.ts";
import { ageText } from "./terminal/quantities.ts";

/** What `get` shows of each kind between its name and age; "status." and "spec." name the part. */
const fields: Readonly<Record<KindName, readonly (readonly [title: string, path: string])[]>> = {
  App: [
    ["PHASE", "status.phase"],
    ["RELEASE", "status.activeRelease"],
    ["MESSAGE", "status.message"],
  ],
  Service: [
    ["PHASE", "status.phase"],
    ["READY", "status.ready"],
    ["WANTED", "spec.replicas"],
    ["RESTARTS", "status.restarts"],
  ],
  Instance: [
    ["STATE", "status.state"],
    ["HOST", "spec.host"],
    ["RELEASE", "spec.release"],
    ["RESTARTS", "status.restarts"],
    ["REASON", "status.reason"],
  ],
  Release: [
    ["APP", "spec.app"],
    ["NUMBER", "spec.number"],
    ["PHASE", "status.phase"],
    ["REASON", "status.failure.message"],
  ],
  Secret: [["VERSION", "status.version"]],
  Host: [
    ["STATE", "status.state"],
    ["ADDRESS", "status.address"],
    ["MESH", "status.mesh"],
    ["REASON", "status.reason"],
  ],
};

export function resourceColumns(kind: KindName, nowMs: number): Column<Resource>[] {
  const own = fields[kind].map(([title, path]): Column<Resource> => {
    const text = (resource: Resource): string => plainLine(valueAt(resource, path));
    if (title !== "PHASE" && title !== "STATE") return { title, text };
    return { title, text, colour: (resource) => phaseColours[text(resource)] };
  });
  const age: Column<Resource> = {
    title: "AGE",
    text: ({ metadata }) => ageText(metadata.creationTimestamp, nowMs),
    right: true,
  };
  return [
    { title: "NAME", text: ({ metadata }) => plainLine(metadata.name) },
    ...own.filter((column) => !isSentence(column)),
    age,
    ...own.filter(isSentence),
  ];
}

/** A sentence goes last, where it may be cut. */
function isSentence({ title }: Column<Resource>): boolean {
  return title === "REASON" || title === "MESSAGE";
}

function valueAt(resource: Resource, path: string): string {
  let value: unknown = resource;
  for (const key of path.split(".")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (value === undefined || value === null)
    return path === "status.reason" || path.endsWith("message") ? "" : "-";
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}
