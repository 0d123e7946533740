import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instance, ServiceSpec } from "@plinth/resource";
import { type Candidate, placeInstance } from "./placement.ts";

const first: Candidate = { host: undefined, name: "alpha" };
const beta: Candidate = { host: "beta", name: "beta" };
const gamma: Candidate = { host: "gamma", name: "gamma" };
const source = { directory: "/sources/x", digest: "sha256:x" };
const spec: ServiceSpec = { command: ["x"], source };
const order = { app: "shop", service: "web", revision: "new" };

function instance(host: string | undefined, service = "web", revision = "new"): Instance {
  return {
    metadata: { name: `shop.${service}.x` },
    spec: {
      app: "shop",
      service,
      release: 1,
      revision,
      driver: "process",
      port: 1,
      ...(host !== undefined && { host }),
    },
  } as Instance;
}

const placed = (
  wanted: ServiceSpec,
  candidates: readonly Candidate[],
  instances: readonly Instance[],
): unknown => placeInstance(wanted, order, candidates, instances)?.name;

test("placeInstance() spreads a service, then evens out hosts, and prefers the first in the list", () => {
  const all = [first, beta, gamma];
  assert.equal(placed(spec, all, []), "alpha");
  assert.equal(placed(spec, all, [instance(undefined)]), "beta");
  assert.equal(placed(spec, all, [instance(undefined), instance("beta", "db")]), "gamma");
  assert.equal(placed(spec, all, [instance(undefined), instance("beta"), instance("gamma")]), "alpha");
});

test("placeInstance() does not count what a deploy is about to replace, nor what is being deleted", () => {
  const old = [instance(undefined, "web", "old"), instance(undefined, "web", "old")];
  const going = { ...instance("beta"), metadata: { name: "x", deletionTimestamp: "2026-01-01T00:00:00Z" } };
  // Of the new revision neither has any; of all, the first has two.
  assert.equal(placed(spec, [first, beta], [...old, going]), "beta");
  assert.equal(placed(spec, [first, beta], [...old, instance("beta")]), "alpha");
});

test("placeInstance() keeps a service to the hosts it names, and one that runs in place to the first", () => {
  assert.equal(placed({ ...spec, hosts: ["gamma"] }, [first, beta, gamma], []), "gamma");
  assert.equal(placed({ ...spec, hosts: ["delta"] }, [first, beta, gamma], []), undefined);
  assert.equal(placed({ command: ["x"] }, [beta, first], [instance(undefined)]), "alpha");
  assert.equal(placed({ command: ["x"], hosts: ["beta"] }, [first, beta], []), "beta");
});
