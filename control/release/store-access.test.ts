import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import type { App, Instance, KindTypes, ServiceSpec } from "@plinth/resource";
import { storeAccess } from "./store-access.ts";

const state: ServiceSpec = {
  command: ["store"],
  store: true,
  env: { PLINTH_STORE_PASSWORD: { secret: "store.shop.state" } },
};
const shop: App = {
  apiVersion: "plinth.dev/v1",
  kind: "App",
  metadata: { name: "shop" },
  spec: { services: { state, web: { command: ["web"] } } },
};

function instance(more: Partial<Instance["spec"]>, status: Instance["status"]): Instance {
  const spec = {
    app: "shop",
    service: "state",
    release: 1,
    revision: "r",
    driver: "process",
    port: 1,
    ...more,
  };
  return {
    apiVersion: "plinth.dev/v1",
    kind: "Instance",
    metadata: { name: "shop.state.x1" },
    spec,
    ...(status !== undefined && { status }),
  };
}

const ready = { state: "Ready", address: "10.213.0.3:2379" } as const;

function access(store: string, instances: readonly Instance[], host?: string, app = "shop"): string {
  const get = ((_kind: string, name: string) => (name === "shop" ? shop : undefined)) as <
    K extends keyof KindTypes,
  >(
    kind: K,
    name: string,
  ) => KindTypes[K] | undefined;
  const reveal = (secret: string): string => `${secret}'s/word`;
  return storeAccess(app, store, { registry: { get }, instances, specOf: () => state, host, reveal }).url;
}

const refused = (code: string, says: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === code && says.test(`${error.message} ${error.hint}`);

test("storeAccess() gives the address of the ready instance and the password", () => {
  const url = "etcd://root:store.shop.state's%2Fword@10.213.0.3:2379";
  assert.equal(access("state", [instance({}, { state: "Failed" }), instance({}, ready)]), url);
  assert.equal(access("state", [instance({ host: "beta" }, ready)], "beta"), url);
});

test("storeAccess() refuses what is no store, is not ready, or is on another host, and says why", () => {
  assert.throws(() => access("state", [], undefined, "other"), refused("not-found", /no such app/));
  assert.throws(() => access("web", []), refused("not-found", /Its stores: state\./));
  assert.throws(() => access("state", []), refused("unavailable", /not ready \(no instance\)/));
  assert.throws(
    () => access("state", [instance({}, { state: "Starting", address: "127.0.0.1:1" })]),
    refused("unavailable", /not ready \(starting\).*plinth ps/),
  );
  assert.throws(
    () => access("state", [instance({ host: "beta" }, ready)]),
    refused("unsupported", /runs on host "beta".*Run this command there/),
  );
  assert.throws(
    () => access("state", [instance({}, ready)], "beta"),
    refused("unsupported", /the first host/),
  );
});
