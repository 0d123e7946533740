/** Where everything on the call graph goes. Depends on the topology alone, so that figures change and nothing jumps. */
import { Graph, layout as arrange } from "@dagrejs/dagre";
import type { Link, Topology } from "./topology.ts";

export const NODE = { width: 146, height: 50 };
export const LABEL = { width: 104, height: 46 };

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface PlacedLink extends Link {
  readonly points: readonly Point[];
  readonly label: Point;
}
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Point>;
  readonly links: readonly PlacedLink[];
}
export type Direction = "LR" | "TB";

const MARGIN = 12;

export function layOut({ nodes, links }: Topology, direction: Direction): Layout {
  const graph = new Graph();
  graph.setGraph({
    rankdir: direction,
    nodesep: 16,
    ranksep: direction === "LR" ? 28 : 30,
    edgesep: 8,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  for (const name of nodes) graph.setNode(name, { ...NODE });
  for (const { caller, callee } of links) graph.setEdge(caller, callee, { ...LABEL, labelpos: "c" });
  arrange(graph);

  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: new Map(
      nodes.map((name) => {
        const { x = 0, y = 0 } = graph.node(name);
        return [name, { x, y }];
      }),
    ),
    links: links.map(({ caller, callee }) => {
      const { points = [], x = 0, y = 0 } = graph.edge(caller, callee);
      return { caller, callee, points, label: { x, y } };
    }),
  };
}

/** A smooth path through an edge's points. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x},${first.y}`;
  for (let index = 0; index < rest.length; index++) {
    const here = rest[index]!;
    const next = rest[index + 1];
    if (next === undefined) path += ` L${here.x},${here.y}`;
    // Each bend is rounded towards the middle of what follows; the last piece stays straight under its arrow.
    else path += ` Q${here.x},${here.y} ${(here.x + next.x) / 2},${(here.y + next.y) / 2}`;
  }
  return path;
}
