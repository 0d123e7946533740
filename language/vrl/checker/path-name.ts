import type { Path } from "../runtime/path.ts";

/** The same for the same path and for no other. */
export function pathName(path: Path): string {
  let name = "";
  for (const segment of path)
    name += typeof segment === "number" ? `[${segment}` : `.${segment.length}:${segment}`;
  return name;
}
