import type { Dependency, DependencyGraph, DependencyKind } from "./graph.ts";
import type { Anomaly } from "./record.ts";

type CircleName = "G0" | "G1c" | "G-single" | "G2-item";

/** A circle that holds one dependency of `through`, and comes back over others of `back`, one of them `mustHave`. */
interface CircleClass {
  readonly name: CircleName;
  readonly through: DependencyKind;
  readonly back: readonly DependencyKind[];
  readonly mustHave?: DependencyKind;
}

/** From the worst to the mildest. */
const classes: readonly CircleClass[] = [
  { name: "G0", through: "ww", back: ["ww"] },
  { name: "G1c", through: "wr", back: ["ww", "wr"] },
  { name: "G-single", through: "rw", back: ["ww", "wr"] },
  { name: "G2-item", through: "rw", back: ["ww", "wr", "rw"], mustHave: "rw" },
];

/** One circle of each class and group of transactions. Real time is looked at where a class has none without it. */
export function circles(graph: DependencyGraph, nameOf: (transaction: number) => string): readonly Anomaly[] {
  const found: Anomaly[] = [];
  for (const each of classes) {
    const plain = circlesOf(graph, each);
    for (const circle of plain) found.push({ name: each.name, text: textOf(circle, nameOf) });
    if (found.length > 0) continue;
    for (const circle of circlesOf(graph, { ...each, back: [...each.back, "realtime"] })) {
      found.push({ name: `${each.name}-realtime`, text: textOf(circle, nameOf) });
    }
  }
  return found;
}

function circlesOf(
  graph: DependencyGraph,
  { through, back, mustHave }: CircleClass,
): readonly (readonly Dependency[])[] {
  const kinds = new Set([through, ...back]);
  const backKinds = new Set(back);
  return graph.components(kinds).flatMap((group) => {
    let shortest: readonly Dependency[] | undefined;
    for (const from of group) {
      for (const first of graph.after(from, new Set([through]))) {
        if (!group.has(first.to)) continue;
        const path = graph.path(first.to, from, group, backKinds, mustHave);
        if (path === undefined || path.length + 1 >= (shortest?.length ?? Infinity)) continue;
        const circle = [first, ...path];
        // One that passes the same place twice is two circles.
        if (new Set(circle.map(({ to }) => to)).size === circle.length) shortest = circle;
      }
    }
    return shortest === undefined ? [] : [shortest];
  });
}

function textOf(circle: readonly Dependency[], nameOf: (transaction: number) => string): string {
  const lines = circle.map(({ from, to, kind, text }) => `  T${from} before T${to} (${kind}): ${text}`);
  return ["a circle:", ...circle.map(({ from }) => `  T${from} = ${nameOf(from)}`), ...lines].join("\n");
}
