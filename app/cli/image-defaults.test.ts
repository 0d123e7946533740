import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "@plinth/resource/validate";
import { checkDefaults, imageDefaults, portDefaults } from "./image-defaults.ts";

const check = {
  command: ["curl -f localhost || exit 1"],
  isShell: true,
  intervalMs: 5000,
  timeoutMs: 3000.4,
  startPeriodMs: 60_000,
  startIntervalMs: undefined,
  retries: 4,
} as const;

test("imageDefaults() makes probes of an image's health check, with room for its start", () => {
  const { health } = imageDefaults({}, { healthcheck: check, stopSignal: undefined });
  const exec = ["/bin/sh", "-c", "curl -f localhost || exit 1"];
  assert.deepEqual(health, {
    startup: { exec, period: "1000ms", timeout: "3000ms", failureThreshold: 80 },
    ready: { exec, period: "5000ms", timeout: "3000ms", failureThreshold: 4 },
  });
  assert.deepEqual(validate("Health", health), []);
});

test("imageDefaults() takes words as they are, and nothing of a check that is switched off", () => {
  const { health } = imageDefaults(
    {},
    { healthcheck: { ...check, command: ["/check", "a b"], isShell: false }, stopSignal: undefined },
  );
  assert.deepEqual(health && health.ready?.exec, ["/check", "a b"]);
  const off = { ...check, command: undefined };
  assert.deepEqual(imageDefaults({}, { healthcheck: off, stopSignal: undefined }), {});
});

test("portDefaults() takes the ports from an image that programs connect to", () => {
  const exposedPorts = [
    { port: 5432, protocol: "tcp" },
    { port: 53, protocol: "udp" },
    { port: 8080, protocol: "tcp" },
  ] as const;
  assert.deepEqual(portDefaults({ exposedPorts }), { port: 5432, extraPorts: [8080] });
});

test("checkDefaults() takes a check from an image that others wait for, and asks no other", () => {
  assert.deepEqual(checkDefaults({ healthcheck: check }, false), { health: false });
  const { health } = checkDefaults({ healthcheck: check }, true);
  assert.ok(health && health.ready?.exec !== undefined);
});

test("imageDefaults() leaves alone what a service says itself", () => {
  const own = { health: { ready: { tcp: true } }, stopSignal: "SIGINT" } as const;
  assert.deepEqual(imageDefaults(own, { healthcheck: check, stopSignal: "SIGQUIT" }), {});
});

test("imageDefaults() reads stop signals by name, short name and number", () => {
  const of = (stopSignal: string): unknown =>
    imageDefaults({}, { healthcheck: undefined, stopSignal }).stopSignal;
  assert.deepEqual(["SIGQUIT", "quit", "3"].map(of), ["SIGQUIT", "SIGQUIT", "SIGQUIT"]);
  assert.equal(of("SIGTERM"), undefined);
  assert.equal(of("SIGRTMIN+3"), undefined);
});
