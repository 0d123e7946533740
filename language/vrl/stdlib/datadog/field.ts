/** Where a search looks for an attribute. */
import type { Path } from "../../runtime/path.ts";
import { DEFAULT_ATTRIBUTE } from "./query.ts";
import { parseValuePath } from "./value-path.ts";

export interface Field {
  readonly kind:
    /** Searched for words. */
    | "default"
    /** A field of every log, of a name of its own. */
    | "reserved"
    /** The list of tags as such. */
    | "tags"
    /** Any other field, told by a `@` in front. */
    | "attribute"
    /** One of the list of tags, `name:value`. */
    | "tag";
  readonly name: string;
  /** Undefined: the name is no path. */
  readonly path: Path | undefined;
}

const defaults = ["message", "custom.error.message", "custom.error.stack", "custom.title", DEFAULT_ATTRIBUTE];
const reserved = new Set(["host", "source", "status", "service", "trace_id", "timestamp", "tags"]);

export function fieldsOf(attribute: string): readonly Field[] {
  if (attribute === DEFAULT_ATTRIBUTE) return defaults.map(fieldOf);
  return [fieldOf(attribute)];
}

function fieldOf(attribute: string): Field {
  const name = attribute.replaceAll("@", ".");
  const kind = kindOf(attribute, name);
  return { kind, name, path: kind === "tag" ? ["tags"] : parseValuePath(name) };
}

function kindOf(attribute: string, name: string): Field["kind"] {
  if (attribute.startsWith("@")) return "attribute";
  if (defaults.includes(name)) return "default";
  if (!reserved.has(name)) return "tag";
  return name === "tags" ? "tags" : "reserved";
}
