import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resources } from "../config.ts";
import { ioWeightOf } from "./block-io.ts";
import { CONTROLLERS, weightOf } from "./settings.ts";

const lines = (version: "v1" | "v2", resources: Resources): string[] =>
  Object.values(CONTROLLERS).flatMap((controller) =>
    controller[version](resources).map(({ file, value }) => `${file} ${value}`),
  );

const everything: Resources = {
  memory: { limit: 2 ** 26, reservation: 2 ** 25, swap: 2 ** 27 },
  cpu: { shares: 1024, quota: 50_000, period: 100_000, burst: 1000, cpus: "0-1", mems: "0" },
  pids: { limit: 64 },
  blockIO: {
    weight: 500,
    weightDevice: [{ major: 8, minor: 0, weight: 300 }],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 18446744073709551615n }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 100 }],
  },
  hugepageLimits: [{ pageSize: "2MB", limit: 2 ** 22 }],
  rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 } },
};

test("CONTROLLERS state all resources in v1's files", () => {
  assert.deepEqual(
    lines("v1", {
      ...everything,
      network: { classID: 1048577, priorities: [{ name: "eth0", priority: 5 }] },
    }),
    [
      "memory.limit_in_bytes 67108864",
      "memory.memsw.limit_in_bytes 134217728",
      "memory.soft_limit_in_bytes 33554432",
      "cpu.shares 1024",
      "cpu.cfs_period_us 100000",
      "cpu.cfs_quota_us 50000",
      "cpu.cfs_burst_us 1000",
      "cpuset.cpus 0-1",
      "cpuset.mems 0",
      "pids.max 64",
      "blkio.bfq.weight 500",
      "blkio.bfq.weight_device 8:0 300",
      "blkio.throttle.read_bps_device 8:0 18446744073709551615",
      "blkio.throttle.write_iops_device 8:16 100",
      "hugetlb.2MB.limit_in_bytes 4194304",
      "hugetlb.2MB.rsvd.limit_in_bytes 4194304",
      "rdma.max mlx5_1 hca_handle=3 hca_object=10000",
      "net_cls.classid 1048577",
      "net_prio.ifpriomap eth0 5",
    ],
  );
});

test("CONTROLLERS state all resources in v2's files", () => {
  assert.deepEqual(lines("v2", everything), [
    "memory.swap.max 67108864",
    "memory.max 67108864",
    "memory.low 33554432",
    "cpu.weight 39",
    "cpu.max 50000 100000",
    "cpu.max.burst 1000",
    "cpuset.cpus 0-1",
    "cpuset.mems 0",
    "pids.max 64",
    "io.bfq.weight 500",
    "io.bfq.weight 8:0 300",
    "io.max 8:0 rbps=18446744073709551615",
    "io.max 8:16 wiops=100",
    "hugetlb.2MB.max 4194304",
    "hugetlb.2MB.rsvd.max 4194304",
    "rdma.max mlx5_1 hca_handle=3 hca_object=10000",
  ]);
});

test("CONTROLLERS take -1 for no limit, and 0 for what is not set", () => {
  assert.deepEqual(lines("v2", { memory: { limit: -1 }, pids: { limit: -1 }, cpu: { quota: -1 } }), [
    "memory.swap.max max",
    "memory.max max",
    "cpu.max max 100000",
    "pids.max max",
  ]);
  assert.deepEqual(lines("v1", { memory: { limit: -1 } }), [
    "memory.limit_in_bytes -1",
    "memory.memsw.limit_in_bytes -1",
  ]);
  assert.deepEqual(
    lines("v1", { memory: { limit: 0 }, cpu: { shares: 0, quota: 0 }, pids: { limit: 0 } }),
    [],
  );
  assert.deepEqual(lines("v2", { cpu: { idle: 1, shares: 100 } }), ["cpu.idle 1"]);
});

test("CONTROLLERS refuse on v2 what only v1 has", () => {
  for (const memory of [{ swappiness: 10 }, { disableOOMKiller: true }, { kernelTCP: 5 }])
    assert.throws(() => lines("v2", { memory }), { code: "unsupported" }, JSON.stringify(memory));
  assert.throws(() => lines("v2", { cpu: { realtimeRuntime: 5 } }), { code: "unsupported" });
  assert.throws(() => lines("v2", { memory: { limit: 10, swap: 5 } }), { code: "invalid" });
});

test("weightOf() and ioWeightOf() map the ends of one scale to those of the other", () => {
  assert.deepEqual([2, 1024, 262_144, 2n ** 63n].map(weightOf).map(Number), [1, 39, 10_000, 10_000]);
  assert.deepEqual([10, 500, 1000].map(ioWeightOf), [1, 4950, 10_000]);
});
