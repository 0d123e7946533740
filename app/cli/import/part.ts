import { Fault } from "@plinth/fault";
import type { SourceMap } from "../config/source-map.ts";

export type Path = readonly (string | number)[];
type Scalar = string | number | boolean | null;

/** A file that is brought over. */
export interface Source {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly map: SourceMap;
}

/** A value of a file, with where it stands: what is merged of several files keeps where each came from. */
export interface Part {
  readonly source: Source;
  readonly path: Path;
  readonly value: Scalar | readonly Part[] | ReadonlyMap<string, Part>;
}

/** What aliases and merge keys make of a file of a megabyte; beyond it they multiply without end. */
const PARTS_MAX = 200_000;

/** Plain data of a file as parts of it. */
export function partsOf(value: unknown, source: Source): Part {
  let count = 0;
  const part = (data: unknown, path: Path): Part => {
    if (++count > PARTS_MAX)
      throw new Fault(
        "invalid",
        `Cannot use "${source.file}": it unfolds into more than ${PARTS_MAX} values`,
      );
    if (Array.isArray(data)) {
      return { source, path, value: data.map((each, index) => part(each, [...path, index])) };
    }
    if (typeof data === "object" && data !== null) {
      const entries = Object.entries(data).map(([key, each]): [string, Part] => [
        key,
        part(each, [...path, key]),
      ]);
      return { source, path, value: new Map(entries) };
    }
    return { source, path, value: (data ?? null) as Scalar };
  };
  return part(value, []);
}

export type MapPart = Omit<Part, "value"> & { readonly value: ReadonlyMap<string, Part> };
export type ListPart = Omit<Part, "value"> & { readonly value: readonly Part[] };

export const isMap = (part: Part | undefined): part is MapPart => part?.value instanceof Map;
export const isList = (part: Part | undefined): part is ListPart => Array.isArray(part?.value);
export const isNull = (part: Part): boolean => part.value === null;

/** A key's part; undefined also where it is left empty, which Compose takes as not being there. */
export function child(part: Part | undefined, key: string): Part | undefined {
  const found = isMap(part) ? part.value.get(key) : undefined;
  return found === undefined || isNull(found) ? undefined : found;
}

/** A scalar as text; empty for what is none. */
export function scalarText({ value }: Part): string {
  return value === null || typeof value === "object" ? "" : String(value);
}

/** As plain data again. */
export function plain({ value }: Part): unknown {
  if (value instanceof Map)
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, Part>)].map(([key, each]) => [key, plain(each)]),
    );
  if (Array.isArray(value)) return (value as readonly Part[]).map(plain);
  return value;
}
