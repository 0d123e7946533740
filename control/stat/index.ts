/** Live success rates and latencies from the proxy's counters. */
export { TrafficWindow, WINDOW_SECONDS } from "./traffic-window.ts";
export type { EdgeCounters, EdgeTotals, Sample, ServiceCounters } from "./traffic-window.ts";
