/** What there is to say about configurations, without any container. */
export { features } from "./features.ts";
export { parseResources, readProcess } from "./read-config.ts";
export { starterConfig } from "./starter-config.ts";
