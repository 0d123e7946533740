/** What `redact` takes out of a text. */
import { isObject, isText } from "../../runtime/kind-of.ts";
import { getKey } from "../../runtime/object.ts";
import { Regex } from "../../runtime/regex.ts";
import { lossyText } from "../../runtime/text.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { replaceTexts } from "../pattern/replace-text.ts";
import type { Redactor } from "./redactor.ts";

export type Filter = (text: string, redactor: Redactor) => string;

/**
 * Area 001 to 899 without 666, group and serial number not all zeros. Numbers with a zero among other digits are not
 * all of them: these are the same that VRL finds.
 */
const SOCIAL_SECURITY_NUMBER =
  "(?:00[1-9]|0[1-9][0-9]|[1-578][0-9]{2}|6[0-57-9][0-9]|66[0-57-9])-(?:0[1-9]|[1-9]0|[1-9][1-9])-" +
  "(?:000[1-9]|00[1-9]0|0[1-9]00|[1-9]000|[1-9]{4})";

/** A string: what is wrong with it. */
export function filterOf(value: Value): Filter | string {
  if (value instanceof Regex) return matchesOf(value);
  if (isText(value)) {
    const name = lossyText(value);
    if (name === "pattern") return "pattern cannot be used without arguments";
    return name === "us_social_security_number" ? socialSecurityNumbers() : "unknown filter name";
  }
  if (isObject(value)) return ofObject(value);
  return "unknown literal for filter, must be a regex, filter name, or object";
}

function ofObject(object: VrlObject): Filter | string {
  const type = getKey(object, "type");
  if (type === undefined) return "filters specified as objects must have type parameter";
  if (!isText(type)) return "type key in filters must be a string";
  switch (lossyText(type)) {
    case "us_social_security_number":
      return socialSecurityNumbers();
    case "pattern":
      return patterns(getKey(object, "patterns"));
    default:
      return "unknown filter name";
  }
}

function patterns(value: Value | undefined): Filter | string {
  if (value === undefined) return "pattern filter must have `patterns` specified";
  if (!Array.isArray(value)) return "`patterns` must be array of regular expression literals";
  const filters: Filter[] = [];
  for (const pattern of value) {
    if (pattern instanceof Regex) filters.push(matchesOf(pattern));
    else if (isText(pattern)) filters.push(textsOf(lossyText(pattern)));
    else return "`patterns` must be regular expressions";
  }
  return (text, redactor) => {
    let rest = text;
    for (const filter of filters) rest = filter(rest, redactor);
    return rest;
  };
}

let known: Filter | undefined;

function socialSecurityNumbers(): Filter {
  return (known ??= matchesOf(Regex.of(SOCIAL_SECURITY_NUMBER)));
}

function matchesOf(regex: Regex): Filter {
  return (text, redactor) => {
    let result = "";
    let end = 0;
    for (const match of regex.findAll(text)) {
      result += text.slice(end, match.start) + redactor(text.slice(match.start, match.end));
      end = match.end;
    }
    return end === 0 && result === "" ? text : result + text.slice(end);
  };
}

function textsOf(searched: string): Filter {
  return (text, redactor) => replaceTexts(text, searched, redactor, Infinity);
}
