/** A real proxy process in a home of its own, with scripted instances behind it; several of them as hosts of a mesh. */
export { exchangeRaw, RawConnection } from "./testing/raw-client.ts";
export { type InstanceScript, startInstance, type TestInstance } from "./testing/instance.ts";
export { CALLEE, CALLER, certify, instanceName, svidOf, TestMesh } from "./testing/test-mesh.ts";
export { installedRuntimes, outboundTo, startProxy, TestProxy } from "./testing/test-proxy.ts";
export { freePort } from "@plinth/process/testing";
