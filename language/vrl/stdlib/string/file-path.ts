/** Paths of files as Unix has them; empty parts and `.` count for nothing, but for a `.` at the very start. */

interface Component {
  readonly name: string;
  /** Index in the path just after it. */
  readonly end: number;
}

/** From the first to the last; the root is `/`. */
export function componentsOf(path: string): Component[] {
  const components: Component[] = [];
  if (path.startsWith("/")) components.push({ name: "/", end: 1 });
  let start = 0;
  for (const name of path.split("/")) {
    const end = start + name.length;
    if (name !== "" && (name !== "." || start === 0)) components.push({ name, end });
    start = end + 1;
  }
  return components;
}
