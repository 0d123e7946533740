/** Live success rates and latencies from the proxy's counters. */
export { TrafficWindow, WINDOW_SECONDS } from "./traffic-window.ts";
export { SteadyCounters } from "./steady-counters.ts";
export type { ProxyCounters } from "./steady-counters.ts";
export type { EdgeCounters, Sample, ServiceCounters } from "./traffic-window.ts";
