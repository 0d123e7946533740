/**
 * VRL's values as the host's own objects, so that an event needs no translation on its way in or out:
 *
 * | VRL       | here                                                                                            |
 * | --------- | ----------------------------------------------------------------------------------------------- |
 * | null      | `null` (`undefined` is what is not there)                                                       |
 * | boolean   | `boolean`                                                                                       |
 * | string    | `string` where the bytes are UTF-8, else `Uint8Array`; see `text.ts`                            |
 * | integer   | `number` in the safe range, else `bigint`; see `integer.ts`                                     |
 * | float     | `number` that is no integer (infinities, too), else `Float`: 1.0, -0.0, 1e300; see `float.ts`   |
 * | timestamp | `Timestamp`                                                                                     |
 * | regex     | `Regex`                                                                                         |
 * | array     | `Value[]`                                                                                       |
 * | object    | a plain object of own properties; order means nothing, whoever tells its keys sorts them        |
 *
 * Each value has one representation only, so equal values are equal by their parts.
 */
import type { Regex } from "./regex.ts";
import type { Timestamp } from "./timestamp.ts";

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Float
  | Timestamp
  | Regex
  | Value[]
  | VrlObject;

export interface VrlObject {
  [key: string]: Value;
}

/** A float whose number alone would be read as an integer: it has no fraction. Never NaN. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** What a value is at run time; the names are those of VRL's messages but for `bytes`, which they call a string. */
export type ValueKind =
  | "bytes"
  | "integer"
  | "float"
  | "boolean"
  | "timestamp"
  | "regex"
  | "null"
  | "array"
  | "object";
