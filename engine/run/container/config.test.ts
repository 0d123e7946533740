import assert from "node:assert/strict";
import { test } from "node:test";
import { capabilitiesOf, containerConfig, type ContainerPlan } from "./config.ts";
import { argumentsOf, environmentIn } from "./arguments.ts";
import type { TaskSandbox } from "./sandbox.ts";

const sandbox: TaskSandbox = {
  system: { image: "sha256:0" },
  entrypoint: undefined,
  workdir: undefined,
  user: undefined,
  mounts: [],
  tmpfs: [],
  readOnlyRootfs: false,
  capabilities: { add: [], drop: [] },
  seccomp: "default",
  apparmor: undefined,
  runtime: "plinth",
};
const plan: ContainerPlan = {
  id: "shop.cache.k3x9",
  sandbox,
  root: "/state/root",
  systemMounts: [],
  arguments: ["redis-server"],
  env: { KEY: "value" },
  directory: "/data",
  user: { uid: 999, gid: 1000, additionalGids: [7] },
  network: undefined,
  etc: { hosts: "/etc/hosts", "resolv.conf": "/etc/resolv.conf" },
  seccomp: undefined,
  maps: undefined,
};

test("containerConfig() without a wish gives what Docker gives, less what leads to devices and other addresses", () => {
  const { process, linux, root, hostname } = containerConfig(plan);
  assert.deepEqual(root, { path: "/state/root", readonly: false });
  assert.equal(hostname, "shop.cache.k3x9");
  assert.equal(process.noNewPrivileges, true);
  assert.deepEqual(process.env, ["KEY=value"]);
  assert.deepEqual(process.user, { uid: 999, gid: 1000, additionalGids: [7] });
  const { bounding = [], effective, permitted, inheritable, ambient } = process.capabilities!;
  assert.deepEqual([effective, permitted, inheritable, ambient], [[], [], [], []]);
  assert.equal(bounding.length, 12);
  for (const name of ["CAP_NET_RAW", "CAP_MKNOD", "CAP_SYS_ADMIN"]) assert.ok(!bounding.includes(name), name);
  assert.deepEqual(
    linux?.namespaces?.map(({ type }) => type),
    ["pid", "ipc", "uts", "mount", "cgroup"],
  );
  assert.deepEqual(linux.resources?.devices, [{ allow: false, access: "rwm" }]);
  assert.ok(linux.maskedPaths?.includes("/proc/kcore"));
  assert.ok(linux.readonlyPaths?.includes("/proc/sys"));
});

test("containerConfig() gives root what the set says, and nobody more than that", () => {
  const asRoot = (capabilities: TaskSandbox["capabilities"]): readonly string[] | undefined =>
    containerConfig({
      ...plan,
      user: { uid: 0, gid: 0, additionalGids: [] },
      sandbox: { ...sandbox, capabilities },
    }).process.capabilities?.effective;
  assert.deepEqual(asRoot({ add: ["NET_ADMIN"], drop: ["ALL"] }), ["CAP_NET_ADMIN"]);
  assert.ok(!asRoot({ add: [], drop: ["CHOWN"] })?.includes("CAP_CHOWN"));
  assert.equal(capabilitiesOf({ add: ["ALL"], drop: [] }).length, 41);
});

test("containerConfig() mounts what lies deeper later, files of the network over its own, and a tmpfs in the place of ours", () => {
  const network = {
    namespace: "/run/netns/a",
    address: "10.0.0.2",
    hosts: "/net/hosts",
    resolvConf: "/net/resolv.conf",
  };
  const { mounts, linux } = containerConfig({
    ...plan,
    network,
    sandbox: {
      ...sandbox,
      mounts: [
        { source: "/b", target: "/data/inner", readOnly: true },
        { source: "/a", target: "/data", readOnly: false },
      ],
      tmpfs: [{ target: "/dev/shm", bytes: 5 }],
    },
  });
  const at = (path: string): number => mounts?.findIndex(({ destination }) => destination === path) ?? -1;
  assert.ok(at("/data") < at("/data/inner"));
  assert.ok(at("/dev") < at("/dev/shm"));
  assert.equal(mounts?.filter(({ destination }) => destination === "/dev/shm").length, 1);
  assert.ok(mounts[at("/dev/shm")]?.options?.includes("size=5"));
  assert.equal(mounts[at("/etc/hosts")]?.source, "/net/hosts");
  assert.ok(mounts[at("/data/inner")]?.options?.includes("ro"));
  for (const mount of mounts.filter(({ type }) => type === "bind"))
    assert.ok(mount.options?.includes("nodev") && mount.options.includes("nosuid"), mount.destination);
  assert.deepEqual(linux?.namespaces?.at(-1), { type: "network", path: "/run/netns/a" });
});

test("argumentsOf() and environmentIn() put a service's words over an image's, as Compose does", () => {
  const image = { entrypoint: ["/entry"], command: ["serve"] };
  const of = (entrypoint: string[] | undefined, command: string[]): readonly string[] =>
    argumentsOf(image, { entrypoint, command });
  assert.deepEqual(of(undefined, []), ["/entry", "serve"]);
  assert.deepEqual(of(undefined, ["other"]), ["/entry", "other"]);
  assert.deepEqual(of(["/own"], []), ["/own"]);
  assert.deepEqual(of([], ["plain"]), ["plain"]);
  assert.throws(() => of([], []), { code: "invalid" });
  const env = environmentIn({ PATH: "/image", A: "image", B: "image" }, { B: "own" }, "/home/web");
  assert.deepEqual(env, { PATH: "/image", HOME: "/home/web", A: "image", B: "own" });
});
