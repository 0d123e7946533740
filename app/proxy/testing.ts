/** A real proxy process in a home of its own, with scripted instances behind it. */
export { exchangeRaw, RawConnection } from "./testing/raw-client.ts";
export { type InstanceScript, startInstance, type TestInstance } from "./testing/instance.ts";
export { freePort, installedRuntimes, outboundTo, startProxy, TestProxy } from "./testing/test-proxy.ts";
