import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ServiceSpec } from "@plinth/resource";
import { placeInstance } from "./placement.ts";
import { revisionOf } from "./revision.ts";
import { identityPlace, taskSandbox } from "./sandbox.ts";
import { sandboxNotes } from "./sandbox-notes.ts";
import { stopFirstReason } from "./stop-first.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const image = { image: "redis:7", imageDigest: DIGEST } as const;
const places = {
  volumes: "/home/volumes/shop",
  sources: "/home/sources",
  directory: "/home/sources/0123/web",
  runtime: "/opt/node/bin",
  identity: "/home/workload/1",
  home: "/root",
};

test("taskSandbox() is none for a process, and none for an image that was not found yet", () => {
  assert.equal(taskSandbox({ command: ["true"] }, places), undefined);
  assert.equal(taskSandbox({ image: "redis:7" }, places), undefined);
});

test("taskSandbox() of an image sees its volumes, paths of the host and its own identity, and no project", () => {
  const sandbox = taskSandbox({ ...image, volumes: { data: "/data", "/srv/site": "/www:ro" } }, places);
  assert.deepEqual(sandbox?.system, { image: DIGEST });
  assert.deepEqual(sandbox?.mounts, [
    { source: "/home/workload/1", target: "/run/plinth", readOnly: true },
    { source: "/home/volumes/shop/data", target: "/data", readOnly: false, isVolume: true },
    { source: "/srv/site", target: "/www", readOnly: true },
  ]);
});

test("taskSandbox() of a command sees the whole kept copy, packages it leads to, the runtime and an empty home", () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "plinth-sandbox-")));
  try {
    const kept = join(directory, "sources", "0123");
    mkdirSync(join(kept, "web"), { recursive: true });
    mkdirSync(join(directory, "project", "node_modules"), { recursive: true });
    symlinkSync(join(directory, "project", "node_modules"), join(kept, "node_modules"));
    const own = { ...places, sources: join(directory, "sources"), directory: join(kept, "web") };
    const sandbox = taskSandbox({ command: ["node"], isolate: true }, own);
    assert.equal(sandbox?.system, "host");
    assert.equal(sandbox.readOnlyRootfs, true);
    assert.deepEqual(
      sandbox.mounts.map(({ source, readOnly }) => [source, readOnly]),
      [
        ["/home/workload/1", true],
        ["/opt/node/bin", true],
        [kept, true],
        [join(directory, "project", "node_modules"), true],
      ],
    );
    assert.deepEqual(
      sandbox.tmpfs.map(({ target }) => target),
      ["/root"],
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("identityPlace() names the socket as a sandbox sees it", () => {
  assert.deepEqual(identityPlace("unix:///home/workload/1/workload.sock"), {
    directory: "/home/workload/1",
    inside: "unix:///run/plinth/workload.sock",
  });
  assert.equal(identityPlace(undefined), undefined);
});

test("a release is of an image's bytes: their digest makes a new instance, another name for them does not", () => {
  const revision = (spec: ServiceSpec): string => revisionOf(spec, {});
  assert.equal(revision(image), revision({ ...image, image: "localhost:5000/redis:7" }));
  assert.notEqual(revision(image), revision({ ...image, imageDigest: `sha256:${"cd".repeat(32)}` }));
  assert.notEqual(revision({ image: "redis:7" }), revision({ image: "redis:8" }));
});

test("what is kept on the first host runs there: volumes, profiles and projects that were not kept", () => {
  const order = { app: "shop", service: "web", revision: "1" };
  const joined = { host: "beta", name: "beta" };
  const place = (spec: ServiceSpec): unknown => placeInstance(spec, order, [joined], []);
  assert.deepEqual(place(image), joined);
  for (const more of [{ volumes: { data: "/data" } }, { seccomp: "/etc/profile.json" }])
    assert.equal(place({ ...image, ...more }), undefined, JSON.stringify(more));
  assert.notEqual(place({ ...image, seccomp: "unconfined" }), undefined);
});

test("a service that alone writes to a volume is replaced stop-first", () => {
  const data = { ...image, volumes: { data: "/data" } };
  assert.equal(stopFirstReason(data, true), "volume");
  assert.equal(stopFirstReason({ ...data, replicas: 2 }, true), undefined);
  assert.equal(stopFirstReason({ ...image, volumes: { data: "/data:ro", "/srv": "/srv" } }, true), undefined);
});

test("sandboxNotes() says what of a sandbox is shared, and what it may beyond the usual", () => {
  const notes = sandboxNotes(
    {
      ...image,
      volumes: { "/srv/a": "/a", "/srv/b": "/b:ro", data: "/data" },
      capabilities: { add: ["NET_ADMIN"] },
      seccomp: "unconfined",
    },
    { ownNetworks: false, rootless: true },
  );
  assert.deepEqual(notes, [
    "It may write to /srv/a of the host; a rollback does not bring back what is there",
    "It sees /srv/b of the host; a rollback does not bring back what is there",
    "It has more rights than a sandbox gives: NET_ADMIN",
    "It may make every system call: seccomp is unconfined",
    "Cooperative mode: its files are its own, its network is the host's",
    "Without root: its root is the user who runs Plinth; what gets out of it has that user's rights",
  ]);
  assert.deepEqual(sandboxNotes({ command: ["true"] }, { ownNetworks: false, rootless: true }), []);
});
