import assert from "node:assert/strict";
import { test } from "node:test";
import type { App, InstanceStatus, Release } from "@plinth/resource";
import type { InstanceView } from "./rollout.ts";
import { appStatus, CRASHES_MAX, failureOf, serviceStatus } from "./app-status.ts";

const view = (revision: string, leaving = false): InstanceView => ({
  name: revision,
  revision,
  state: "Ready",
  leaving,
  isRouted: false,
});
const failure = (status: InstanceStatus): string | undefined =>
  failureOf([{ instance: "a.b.c", service: "b", status }])?.reason;

test("failureOf() gives a crash more tries, but not a missing program or a start that took too long", () => {
  const crashed: InstanceStatus = { state: "Backoff", reason: "Crashed: exit code 1", exitCode: 1 };
  assert.equal(failure({ ...crashed, crashes: 1 }), undefined);
  assert.equal(failure({ ...crashed, crashes: CRASHES_MAX }), "Crashed");
  assert.equal(failure({ ...crashed, restarts: 9, crashes: 1 }), undefined, "it has served well in between");
  assert.equal(failure({ state: "Backoff", reason: "CannotStart: no such command" }), "CannotStart");
  assert.equal(failure({ state: "Failed", reason: "NotReady: not ready within 3 s" }), "NotReady");
  assert.equal(failure({ state: "Exited", exitCode: 2, reason: "Crashed: exit code 2" }), "Crashed");
  assert.equal(failure({ state: "Exited", exitCode: 0 }), undefined);
  assert.equal(failure({ state: "Ready" }), undefined);
});

test("serviceStatus() is Ready only when all arrived and no old instance stays", () => {
  const phase = (views: InstanceView[]): string | undefined =>
    serviceStatus({ spec: { command: ["x"] }, revision: "new", views, restarts: 0, addresses: {} }).phase;
  assert.equal(phase([view("new")]), "Ready");
  assert.equal(phase([view("new"), view("old", true)]), "Ready");
  assert.equal(phase([view("new"), view("old")]), "Degraded");
  assert.equal(phase([]), "Down");
});

test("appStatus() is healthy once nobody is led to the release before any more", () => {
  const app = { metadata: { name: "a" }, spec: { services: {} } } as App;
  const target = {
    metadata: { name: "a.2" },
    spec: { app: "a", number: 2 },
    status: { phase: "Active" },
  } as Release;
  const facts = { app, target, services: [], urls: [] };
  assert.equal(appStatus({}, { ...facts, isHandingOver: true }).phase, "Progressing");
  assert.equal(appStatus({}, { ...facts, isHandingOver: false }).phase, "Healthy");
});
