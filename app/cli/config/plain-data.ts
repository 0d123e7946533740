/** Deeper than any config; a cycle would go on for ever. */
const DEPTH_MAX = 64;

export interface PlainData {
  readonly value: unknown;
  /** What cannot be carried over as data. */
  readonly problems: readonly {
    readonly path: readonly string[];
    readonly message: string;
    readonly received: string;
  }[];
}

/** Copies what JSON can carry and names everything else. Members that are undefined are left out. */
export function plainData(root: unknown): PlainData {
  const problems: { path: readonly string[]; message: string; received: string }[] = [];
  const refuse = (path: readonly string[], received: string): null => {
    problems.push({ path, message: "is not plain data", received });
    return null;
  };
  const copy = (value: unknown, path: readonly string[]): unknown => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : refuse(path, String(value));
    if (typeof value !== "object") return refuse(path, describe(value));
    if (path.length > DEPTH_MAX) return refuse(path.slice(0, 4), "a cycle, or something nested too deep");
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, String(index)]));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse(path, describe(value));
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    // A null prototype keeps "__proto__" an ordinary key, for validation to name.
    const result = Object.create(null) as Record<string, unknown>;
    for (const [name, member] of members) result[name] = copy(member, [...path, name]);
    return result;
  };
  return { value: copy(root, []), problems };
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    const name = (value as { constructor?: { name?: string } }).constructor?.name ?? "object";
    return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
  }
  return value === undefined ? "undefined" : `a ${typeof value}`;
}
