/** A model of the store simple enough to be believed, and the suite that every implementation must pass. */
export { storeConformance } from "./conformance.ts";
export { ModelStore } from "./model.ts";
export { MvccModel } from "./mvcc-model.ts";
export type { MvccModelOptions } from "./mvcc-model.ts";
export { mvccConformance } from "./mvcc-conformance.ts";
