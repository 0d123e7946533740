/** Colours and indents JSON as it is typed. */
import { StreamLanguage } from "@codemirror/language";
import { bracketIndent, countBracket } from "./indent.ts";

export const jsonLanguage: StreamLanguage<{ depth: number }> = StreamLanguage.define<{ depth: number }>({
  name: "json",
  startState: () => ({ depth: 0 }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return stream.match(/^\s*:/, false) ? "propertyName" : "string";
    if (stream.match(/^-?\d[\d.eE+-]*/)) return "number";
    if (stream.match(/^(?:true|false|null)\b/)) return "atom";
    countBracket(stream.next()!, state);
    return "punctuation";
  },
  indent: bracketIndent,
  languageData: {
    closeBrackets: { brackets: ["[", "{", '"'] },
    indentOnInput: /^\s*[\]}]$/,
  },
});
