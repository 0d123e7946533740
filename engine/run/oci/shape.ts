import type { Integer64 } from "./config.ts";

/** What a value of JSON has to look like. Says every breach, each as "PATH: what". */
export type Shape = (value: unknown, path: string, say: (problem: string) => void) => void;

const kind = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`;

/** Text without NUL bytes: it ends up in system calls, which would end it there. */
export const text: Shape = (value, path, say) => {
  if (typeof value !== "string") say(`${path}: ${kind(value)}, not text`);
  else if (value.includes("\0")) say(`${path}: holds a NUL byte`);
};

export const filled: Shape = (value, path, say) => {
  if (value === "") say(`${path}: empty`);
  else text(value, path, say);
};

export const absolutePath: Shape = (value, path, say) => {
  if (typeof value === "string" && !value.startsWith("/"))
    say(`${path}: ${quoted(value)} is not an absolute path`);
  else text(value, path, say);
};

export const flag: Shape = (value, path, say) => {
  if (typeof value !== "boolean") say(`${path}: ${kind(value)}, not true or false`);
};

export function integer(min: Integer64, max: Integer64): Shape {
  return (value, path, say) => {
    if (typeof value !== "bigint" && !Number.isInteger(value)) say(`${path}: ${kind(value)}, not an integer`);
    else if ((value as Integer64) < min || (value as Integer64) > max)
      say(`${path}: ${String(value)} is not between ${min} and ${max}`);
  };
}

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

export const int32: Shape = integer(-INT32_MAX - 1, INT32_MAX);
export const uint16: Shape = integer(0, 2 ** 16 - 1);
export const uint32: Shape = integer(0, 2 ** 32 - 1);
export const int64: Shape = integer(-INT64_MAX - 1n, INT64_MAX);
export const uint64: Shape = integer(0, UINT64_MAX);

export function oneOf(...values: readonly string[]): Shape {
  return (value, path, say) => {
    if (typeof value !== "string") text(value, path, say);
    else if (!values.includes(value)) say(`${path}: ${quoted(value)} is none of ${values.join(", ")}`);
  };
}

/** Text made of some of these letters. */
export function letters(allowed: string): Shape {
  return (value, path, say) => {
    if (typeof value !== "string") text(value, path, say);
    else if (value.split("").some((letter) => !allowed.includes(letter)))
      say(`${path}: ${quoted(value)} holds other letters than ${allowed}`);
  };
}

export function list(item: Shape): Shape {
  return (value, path, say) => {
    if (!Array.isArray(value)) say(`${path}: ${kind(value)}, not a list`);
    else for (const [index, each] of value.entries()) item(each, `${path}[${index}]`, say);
  };
}

export function record(item: Shape): Shape {
  return (value, path, say) => {
    if (!isObject(value)) say(`${path}: ${kind(value)}, not an object`);
    else
      for (const [name, each] of Object.entries(value)) {
        text(name, `${path}: the name ${quoted(name)}`, say);
        item(each, `${path}.${name}`, say);
      }
  };
}

/** An object of which other fields are not looked at. */
export function object(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  return (value, path, say) => {
    if (!isObject(value)) {
      say(`${path === "" ? "the configuration" : path}: ${kind(value)}, not an object`);
      return;
    }
    const inner = (name: string): string => (path === "" ? name : `${path}.${name}`);
    for (const [name, shape] of Object.entries(required)) {
      if (value[name] === undefined) say(`${inner(name)}: missing`);
      else shape(value[name], inner(name), say);
    }
    for (const [name, shape] of Object.entries(optional)) {
      if (value[name] !== undefined) shape(value[name], inner(name), say);
    }
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const QUOTE_CHARACTERS_MAX = 200;

/** A value of the file in a message; one of a megabyte is not shown whole. */
export function quoted(value: string): string {
  const short = value.length > QUOTE_CHARACTERS_MAX ? `${value.slice(0, QUOTE_CHARACTERS_MAX)}…` : value;
  return JSON.stringify(short);
}
