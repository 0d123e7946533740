import type { Head } from "@plinth/http1";

/** A header's value by its lower-case name, several of it joined (RFC 9110 §5.3); undefined where there is none. */
export type FieldLookup = (name: string) => string | undefined;

export function headLookup(head: Head): FieldLookup {
  return (name) => {
    let value: string | undefined;
    for (let index = 0; index < head.count; index++) {
      if (head.nameLength(index) !== name.length || head.name(index).toLowerCase() !== name) continue;
      value = joined(name, value, head.value(index));
    }
    return value;
  };
}

/** HTTP/2's fields: names and values in turn. */
export function fieldLookup(fields: readonly string[]): FieldLookup {
  return (name) => {
    let value: string | undefined;
    for (let index = 0; index < fields.length; index += 2)
      if (fields[index] === name) value = joined(name, value, fields[index + 1]!);
    return value;
  };
}

/** Cookies that HTTP/2 cut for compression are one header (RFC 9113 §8.2.3). */
function joined(name: string, before: string | undefined, value: string): string {
  if (before === undefined) return value;
  return before + (name === "cookie" ? "; " : ", ") + value;
}
