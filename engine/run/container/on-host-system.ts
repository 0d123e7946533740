/** For tests: the container driver as the conformance suites know drivers, on the machine's own system. */
import { dirname } from "node:path";
import { test } from "node:test";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Driver, ExecAbility, TaskSpec } from "../driver.ts";
import { driverConformance, initDirectoryOfTests } from "../driver-conformance.ts";
import { findTool } from "../tool-path.ts";
import { createContainerDriver } from "./driver.ts";
import { fingerprintContainerDriver } from "./fingerprint.ts";
import type { TaskSandbox } from "./sandbox.ts";

/** A sandbox with nothing asked for, in which a task's own directory and this Node can be seen. */
export function hostSandbox(directory: string, runtime: string): TaskSandbox {
  const own = { source: directory, target: directory, readOnly: false };
  const node = dirname(process.execPath);
  return {
    system: "host",
    entrypoint: undefined,
    workdir: undefined,
    user: undefined,
    mounts: [own, { source: node, target: node, readOnly: true }],
    tmpfs: [],
    readOnlyRootfs: true,
    capabilities: { add: [], drop: [] },
    seccomp: "default",
    apparmor: undefined,
    runtime,
  };
}

/** The conformance of the container driver with a runtime, where there can be containers. */
export async function containerConformance(name: string, runtime: string): Promise<void> {
  const { available, reason } = await fingerprintContainerDriver(initDirectoryOfTests());
  const isHere = runtime === "plinth" || findTool(runtime) !== undefined;
  const skip = available
    ? isHere
      ? undefined
      : `no ${runtime} here`
    : `no containers here: ${reason ?? ""}`;
  if (skip === undefined) driverConformance(name, () => onHostSystem(runtime, systemClock));
  else test(name, { skip }, () => {});
}

/** Tasks are given a sandbox around their directory. */
export function onHostSystem(runtime: string, clock: Clock): Driver & ExecAbility {
  const nobody = (): Promise<never> => Promise.reject(new Fault("not-found", "There are no images here"));
  const driver = createContainerDriver({
    clock,
    initDirectory: initDirectoryOfTests(),
    images: { image: nobody, mountPlan: nobody, flatten: nobody, resolveUser: nobody },
  });
  return {
    name: driver.name,
    fingerprint: () => driver.fingerprint(),
    check: (limits) => driver.check(limits),
    recover: (place) => driver.recover(place),
    exec: (handle, command, options) => driver.exec(handle, command, options),
    start: (spec: TaskSpec) => driver.start({ sandbox: hostSandbox(spec.directory, runtime), ...spec }),
  };
}
