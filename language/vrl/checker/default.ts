import { Regex } from "../runtime/regex.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import { Float, type Value } from "../runtime/value.ts";
import { Part, type Kind } from "./kind.ts";

/** What the target of `ok, err = …` gets where the right side fails: of the kind it may be, if that is one. */
export function defaultOfKind(kind: Kind): Value {
  switch (kind.parts) {
    case 0:
    case Part.bytes:
      return "";
    case Part.integer:
      return 0;
    case Part.float:
      return new Float(0);
    case Part.boolean:
      return false;
    case Part.timestamp:
      return new Timestamp(0, 0);
    case Part.regex:
      return Regex.of("");
    case Part.array:
      return [];
    case Part.object:
      return {};
    default:
      return null;
  }
}
