/** Typed resources kept in the store. */
export { createRegistry } from "./registry.ts";
export type {
  Draft,
  Registry,
  RegistryOptions,
  ResourceEvent,
  ResourceWatch,
  ResourceWatchOptions,
} from "./registry.ts";
