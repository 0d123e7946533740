import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "./kinds.ts";
import { pathText } from "./problem.ts";
import { sandboxSettings } from "./sandbox-settings.ts";
import { validate } from "./validate.ts";

const problemsOf = (service: unknown): string[] =>
  validate("ServiceSpec", service).map(
    ({ path, message, suggestion }) => `${pathText(path)}: ${message}${suggestion ? ` → ${suggestion}` : ""}`,
  );

test("a service runs a command or an image, and either may be all there is", () => {
  for (const right of [
    { command: ["a"] },
    { image: "redis:7" },
    { image: { copy: { "./site": "/srv" } } },
    { image: "oci:./images/redis", command: ["redis-server"], entrypoint: [], workdir: "/data" },
    { command: ["a"], isolate: true, tmpfs: { "/cache": "64MiB" }, volumes: { data: "/data" } },
    { command: ["a"], stopSignal: "SIGINT" },
    { image: "x", volumes: { "./conf": "/etc/app:ro", "/srv/media": "/media", data: "/var/lib/x" } },
    { image: "x", tmpfs: { "/dev/shm": "1GiB" } },
  ])
    assert.deepEqual(problemsOf(right), [], JSON.stringify(right));
  assert.deepEqual(problemsOf({}), ["command: the service runs nothing"]);
});

test("keys that do not go together are all told at once", () => {
  assert.deepEqual(
    problemsOf({
      command: ["a"],
      user: "app",
      volumes: { data: "/data" },
      entrypoint: ["x"],
      readOnlyRootfs: true,
      runtime: "crun",
    }),
    [
      'entrypoint: "entrypoint" says something about an image, and there is none',
      'readOnlyRootfs: "readOnlyRootfs" says something about an image, and there is none',
      'user: "user" needs a sandbox',
      'volumes: "volumes" needs a sandbox',
      'runtime: "runtime" needs a sandbox',
    ],
  );
  assert.deepEqual(problemsOf({ image: "x", cwd: "app", isolate: true }), [
    'cwd: "cwd" says nothing about a service with an image',
    'isolate: "isolate" says nothing about a service with an image',
  ]);
  assert.deepEqual(problemsOf({ imag: "x", readonlyRootfs: true }), [
    'imag: unknown key "imag" → image',
    'readonlyRootfs: unknown key "readonlyRootfs" → readOnlyRootfs',
  ]);
});

test("volumes and tmpfs stand in places of their own, outside of what the kernel shows", () => {
  assert.deepEqual(
    problemsOf({
      image: "x",
      volumes: { data: "/data", "./a": "/data/:ro", "/b": "/proc/sys", c: "/x/../y", d: "/" },
      tmpfs: { "/data": "1MiB" },
    }),
    [
      'volumes["./a"]: "/data" is taken by volumes data',
      'volumes["/b"]: "/proc/sys" would hide what the kernel shows',
      'volumes.c: "/x/../y" goes upwards',
      "volumes.d: the whole system cannot be a volume",
      'tmpfs["/data"]: "/data" is taken by volumes data',
    ],
  );
  assert.deepEqual(problemsOf({ image: "x", volumes: { "../": "data", "a b": "/x" } }), [
    'volumes["../"]: "data" is not valid here',
    'volumes["a b"]: "a b" is not a valid name',
  ]);
});

test("sandboxSettings() fills in every default, and is nothing for a plain process", () => {
  assert.equal(sandboxSettings({ command: ["a"] }), undefined);
  assert.equal(sandboxSettings({ image: "x" }), undefined, "not without its digest");
  const imageDigest = `sha256:${"a".repeat(64)}`;
  const spec: ServiceSpec = {
    image: "x",
    imageDigest,
    volumes: { data: "/data:ro", "/srv": "/media" },
    tmpfs: { "/cache": "1MiB" },
    capabilities: { drop: ["ALL"], add: ["CAP_NET_RAW"] },
    seccomp: "/p.json",
  };
  assert.deepEqual(sandboxSettings(spec), {
    system: { image: imageDigest },
    entrypoint: undefined,
    workdir: undefined,
    user: undefined,
    volumes: [
      { name: "data", target: "/data", readOnly: true },
      { path: "/srv", target: "/media", readOnly: false },
    ],
    tmpfs: [{ target: "/cache", bytes: 2 ** 20 }],
    readOnlyRootfs: false,
    capabilities: { add: ["NET_RAW"], drop: ["ALL"] },
    seccomp: { profile: "/p.json" },
    apparmor: undefined,
    runtime: "plinth",
  });
  const isolated = sandboxSettings({ command: ["a"], isolate: true });
  assert.equal(isolated?.system, "host");
  assert.equal(isolated?.readOnlyRootfs, true);
});

test("a runtime that nobody knows how to keep is refused with that reason", () => {
  const told = (runtime: string): string[] =>
    validate("ServiceSpec", { image: "redis:7", runtime }).map(({ message }) => message);
  assert.match(told("/opt/youki").join(), /is no runtime that Plinth knows how to keep/);
  for (const one of ["plinth", "crun", "/opt/crun-1.8", "runc"]) assert.deepEqual(told(one), []);
});
