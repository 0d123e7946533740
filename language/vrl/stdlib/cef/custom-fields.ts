/** Custom fields: a value under one key, its name under that key with `Label` after it. */
import { Failure } from "../../runtime/failure.ts";
import { setKey } from "../../runtime/object.ts";
import type { VrlObject } from "../../runtime/value.ts";

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index + 1}`);
}

const names: ReadonlySet<string> = new Set([
  ...numbered("c6a", 4),
  ...numbered("cfp", 4),
  ...numbered("cn", 3),
  ...numbered("cs", 6),
  ...numbered("deviceCustomDate", 2),
  ...numbered("flexDate", 1),
  ...numbered("flexString", 2),
]);

const LABEL = "Label";

/** Those of one event. */
export class CustomFields {
  readonly #labels: Map<string, string> = new Map();
  readonly #values: Map<string, string> = new Map();

  /** Whether the pair is part of one, which it keeps then; or that it has it already. */
  take(key: string, value: string): boolean | Failure {
    const isLabel = key.endsWith(LABEL);
    const name = isLabel ? key.slice(0, -LABEL.length) : key;
    if (!names.has(name)) return false;
    const kept = isLabel ? this.#labels : this.#values;
    if (kept.has(name)) return new Failure(`Custom field with duplicate ${isLabel ? "label" : "value"}`);
    kept.set(name, value);
    return true;
  }

  /** Puts them in by their labels. What has a label and no value is null. */
  putInto(object: VrlObject): Failure | undefined {
    for (const name of this.#values.keys()) {
      if (!this.#labels.has(name)) return new Failure("Custom field with missing label or value");
    }
    for (const [name, label] of this.#labels) setKey(object, label, this.#values.get(name) ?? null);
    return undefined;
  }
}
