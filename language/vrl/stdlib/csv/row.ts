/**
 * One row of comma-separated values, as RFC 4180 and those who bend it write them: a quote within a field that began
 * without one is a character like others, and what follows a closing quote belongs to the field.
 */
import { latin1Of } from "../json/reader.ts";
import { bytesOf, textOf, type Text } from "../../runtime/text.ts";

/** The fields of the first row; none where there is none. `delimiter` is one byte. */
export function firstRow(value: Text, delimiter: number): Text[] {
  if (typeof value === "string" && delimiter < 0x80) {
    return fieldsOf(withoutMark(value.toWellFormed(), "\ufeff"), String.fromCharCode(delimiter));
  }
  const latin1 = withoutMark(latin1Of(bytesOf(value)), "\u00ef\u00bb\u00bf");
  return fieldsOf(latin1, String.fromCharCode(delimiter)).map((field) =>
    textOf(Uint8Array.from(field, (unit) => unit.charCodeAt(0))),
  );
}

function withoutMark(text: string, mark: string): string {
  return text.startsWith(mark) ? text.slice(mark.length) : text;
}

function fieldsOf(text: string, delimiter: string): string[] {
  let at = 0;
  while (text[at] === "\n" || text[at] === "\r") at++;
  const fields: string[] = [];
  if (at === text.length) return fields;
  for (;;) {
    const [field, end] =
      text[at] === '"' ? quotedField(text, at + 1, delimiter) : plainField(text, at, delimiter);
    fields.push(field);
    if (end >= text.length || text[end] !== delimiter) return fields;
    at = end + 1;
  }
}

type FieldEnd = readonly [field: string, end: number];

function plainField(text: string, start: number, delimiter: string): FieldEnd {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at++;
  return [text.slice(start, at), at];
}

/** From after its opening quote. */
function quotedField(text: string, start: number, delimiter: string): FieldEnd {
  let field = "";
  for (let at = start; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return [field + text.slice(at), text.length];
    field += text.slice(at, quote);
    if (text[quote + 1] === '"') {
      field += '"';
      at = quote + 2;
      continue;
    }
    const [rest, end] = plainField(text, quote + 1, delimiter);
    return [field + rest, end];
  }
}

/** Fields are quoted where they have to be. */
export function rowText(fields: readonly Text[], delimiter: number): Text {
  if (delimiter < 0x80 && fields.every((field) => typeof field === "string")) {
    const joined = String.fromCharCode(delimiter);
    return fields.map((field) => quotedWhereNeeded(field, joined, fields.length === 1)).join(joined);
  }
  const joined = String.fromCharCode(delimiter);
  const row = fields
    .map((field) => quotedWhereNeeded(latin1Of(bytesOf(field)), joined, fields.length === 1))
    .join(joined);
  return textOf(Uint8Array.from(row, (unit) => unit.charCodeAt(0)));
}

/** An empty row would be no row: its only field is quoted then. */
function quotedWhereNeeded(field: string, delimiter: string, isAlone: boolean): string {
  if (field === "") return isAlone ? '""' : "";
  if (!/["\r\n]/.test(field) && !field.includes(delimiter)) return field;
  return `"${field.replaceAll('"', '""')}"`;
}
