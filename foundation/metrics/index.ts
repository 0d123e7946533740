/** Counters, gauges and histograms, and their Prometheus text. */
export { Exposition } from "./exposition.ts";
export type { Labels, MetricType } from "./exposition.ts";
export { Histogram, quantile } from "./histogram.ts";
export { Counter, Gauge } from "./number.ts";
