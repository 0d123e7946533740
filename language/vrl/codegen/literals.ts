/** Values as JavaScript. Texts from programs are only ever string literals: they cannot become code. */
import { Float, type Value } from "../runtime/value.ts";
import type { Emitter } from "./emitter.ts";

export function stringLiteral(text: string): string {
  return JSON.stringify(text);
}

/** A value that nobody can change: scalars only. */
export function scalarLiteral(value: Value, emitter: Emitter): string {
  if (value === null) return "null";
  if (typeof value === "string") return stringLiteral(value);
  if (typeof value === "number") return numberLiteral(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return value < 0n ? `(${value}n)` : `${value}n`;
  return emitter.constant(value);
}

function numberLiteral(value: number): string {
  if (value === Infinity) return "Infinity";
  if (value === -Infinity) return "(-Infinity)";
  return value < 0 ? `(${value})` : String(value);
}

/** Whether `scalarLiteral` can write it. */
export function isScalar(value: Value): boolean {
  return typeof value !== "object" || value === null || value instanceof Float;
}
