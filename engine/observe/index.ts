/** What services' log lines become when they are read. */
export type { WrittenLine } from "./compile-remap.ts";
export { type Remapped, Remapper } from "./remapper.ts";
