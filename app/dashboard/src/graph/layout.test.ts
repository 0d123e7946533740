import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut, NODE, pathThrough } from "./layout.ts";
import { INGRESS, topologyOf } from "./topology.ts";

const spec = {
  services: {
    web: { command: ["web"], calls: ["api"] },
    api: { command: ["api"], calls: ["web"] },
    idle: { command: ["idle"] },
  },
  ingress: { "*": "web", "web.localhost": "web" },
};

test("topologyOf() joins the spec with what was seen, and forgets services that are gone", () => {
  const seen = [
    { caller: "idle", callee: "api" },
    { caller: "web", callee: "gone" },
  ];
  const { nodes, links } = topologyOf(spec, seen);
  assert.deepEqual(nodes, [INGRESS, "web", "api", "idle"]);
  assert.deepEqual(
    links.map(({ caller, callee }) => `${caller} ${callee}`),
    ["ingress web", "web api", "api web", "idle api"],
  );
});

for (const direction of ["LR", "TB"] as const) {
  test(`layOut() ${direction} places every box apart, also in a circle of calls`, () => {
    const { nodes, links, width, height } = layOut(topologyOf(spec, []), direction);
    const boxes = [...nodes.values()];
    for (const [index, { x, y }] of boxes.entries()) {
      assert.ok(x >= NODE.width / 2 && x <= width && y >= NODE.height / 2 && y <= height);
      for (const other of boxes.slice(index + 1)) {
        assert.ok(Math.abs(x - other.x) >= NODE.width || Math.abs(y - other.y) >= NODE.height);
      }
    }
    for (const { points } of links) assert.match(pathThrough(points), /^M[-\d.,]+( [QL][-\d., ]+)+$/);
  });
}
