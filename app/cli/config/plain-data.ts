type Path = readonly (string | number)[];

export interface PlainData {
  readonly value: unknown;
  /** What cannot be carried over as data. */
  readonly problems: readonly {
    readonly path: Path;
    readonly message: string;
    readonly received: string;
  }[];
}

/** Copies what JSON can carry and names everything else. Members that are undefined are left out. */
export function plainData(root: unknown): PlainData {
  const problems: { path: Path; message: string; received: string }[] = [];
  const around = new Set<object>();
  const refuse = (path: Path, received: string): null => {
    problems.push({ path, message: "is not plain data", received });
    return null;
  };
  const copy = (value: unknown, path: Path): unknown => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : refuse(path, String(value));
    if (typeof value !== "object") return refuse(path, describe(value));
    if (around.has(value)) return refuse(path, "a value that contains itself");
    around.add(value);
    const copied = Array.isArray(value)
      ? value.map((item, index) => copy(item, [...path, index]))
      : members(value, path);
    around.delete(value);
    return copied;
  };
  const members = (value: object, path: Path): unknown => {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse(path, describe(value));
    // A null prototype keeps "__proto__" an ordinary key, for validation to name.
    const result = Object.create(null) as Record<string, unknown>;
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) result[name] = copy(member, [...path, name]);
    }
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
