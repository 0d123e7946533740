import assert from "node:assert/strict";
import { test } from "node:test";
import type { App } from "@plinth/resource";
import { ApiFault } from "../api/request.ts";
import { ClusterModel } from "./cluster.ts";

const app = (name: string, resourceVersion: string): App => ({
  apiVersion: "plinth.dev/v1",
  kind: "App",
  metadata: { name, resourceVersion },
  spec: { services: { a: { command: ["a"] } } },
});
const versions = (model: ClusterModel): string[] =>
  model.state.get().apps.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

test("ClusterModel takes changes once and ignores what is older than its list", () => {
  const model = new ClusterModel();
  model.reset([app("shop", "10"), app("files", "9")]);
  model.change([
    { type: "MODIFIED", object: app("shop", "8") },
    { type: "DELETED", object: app("files", "7") },
    { type: "MODIFIED", object: app("shop", "12") },
  ]);
  assert.deepEqual(versions(model), ["files@9", "shop@12"]);
  model.change([{ type: "DELETED", object: app("files", "13") }]);
  assert.deepEqual(versions(model), ["shop@12"]);
});

test("ClusterModel keeps what it knows while the daemon is away", () => {
  const model = new ClusterModel();
  model.reset([app("shop", "10")]);
  model.trouble(new ApiFault(0, "gone"));
  assert.equal(model.state.get().connection, "reconnecting");
  assert.deepEqual(versions(model), ["shop@10"]);
  model.trouble(undefined);
  assert.equal(model.state.get().connection, "live");
  model.trouble(new ApiFault(401, "no session"));
  assert.equal(model.state.get().connection, "signed-out");
});
