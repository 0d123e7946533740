/**
 * Colours and indents VRL as it is typed. By hand and line by line, because the compiler's lexer ends at the first
 * mistake, and a program that is being typed has one most of the time.
 */
import { StreamLanguage, type StringStream } from "@codemirror/language";
import { bracketIndent, countBracket } from "./indent.ts";

interface State {
  depth: number;
  /** The quote that ends the literal that has begun, and its style. */
  quote: string;
  style: string;
}

const keywords: ReadonlySet<string> = new Set(["if", "else", "abort", "return"]);
const constants: ReadonlySet<string> = new Set(["true", "false", "null"]);
const quoted: Readonly<Record<string, string>> = { r: "regexp", s: "string", t: "literal" };

export const vrlLanguage: StreamLanguage<State> = StreamLanguage.define<State>({
  name: "vrl",
  startState: () => ({ depth: 0, quote: "", style: "" }),
  token(stream, state) {
    if (state.quote !== "") return restOfLiteral(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    const prefix = stream.match(/^[rst](?=')/);
    if (prefix || stream.peek() === '"') {
      state.style = (prefix && quoted[stream.current()]) || "string";
      state.quote = stream.next()!;
      return restOfLiteral(stream, state);
    }
    if (stream.match(/^\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d+)?/)) return "number";
    if (stream.match(/^[.%][\p{L}_@][\w@]*/u)) return "propertyName";
    if (stream.match(/^[\p{L}_][\w]*/u)) return nameStyle(stream);
    if (stream.match(/^(->|[-+*/<>=!&|?:]+)/)) return "operator";
    countBracket(stream.next()!, state);
    return "punctuation";
  },
  indent: bracketIndent,
  languageData: {
    commentTokens: { line: "#" },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
    indentOnInput: /^\s*[\]})]$/,
  },
});

/** Literals may go on on the next line. */
function restOfLiteral(stream: StringStream, state: State): string {
  while (!stream.eol()) {
    const next = stream.next();
    if (next === "\\") stream.next();
    else if (next === state.quote) {
      state.quote = "";
      break;
    }
  }
  return state.style;
}

function nameStyle(stream: StringStream): string {
  const name = stream.current();
  if (keywords.has(name)) return "keyword";
  if (constants.has(name)) return "atom";
  return stream.match(/^!?\(/, false) ? "variableName.function" : "variableName";
}
