import { closingQuote } from "./closing-quote.ts";

export interface ShellWords {
  readonly words: readonly string[];
  /** Of the shell's syntax, what is no quoting: no shell runs, so that it is a word as any other. */
  readonly operators: readonly string[];
  readonly problem?: string;
}

const OPERATOR = /^(?:&&|\|\||[|&;<>()]|\d?>>?|\d?<|\d>&\d)$/;

/** Splits a text into words as a POSIX shell does: quotes and escapes, and nothing is expanded. */
export function shellWords(text: string): ShellWords {
  const words: string[] = [];
  const operators: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  const end = (): void => {
    if (word === undefined) return;
    if (!isQuoted && OPERATOR.test(word)) operators.push(word);
    words.push(word);
    word = undefined;
    isQuoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === " " || character === "\t" || character === "\n") {
      end();
      continue;
    }
    if (character === "\\") {
      if (at + 1 === text.length) return { words: [], operators: [], problem: "it ends with a \\" };
      at++;
      if (text[at] === "\n") continue; // the line goes on
      word = (word ?? "") + text[at]!;
      isQuoted = true;
    } else if (character === "'" || character === '"') {
      const close = closingQuote(text, at + 1, character);
      if (close === undefined)
        return { words: [], operators: [], problem: `a ${character} has no closing one` };
      const inside = text.slice(at + 1, close);
      word = (word ?? "") + (character === "'" ? inside : inside.replace(/\\([$`"\\]|\n)/g, unescaped));
      isQuoted = true;
      at = close;
    } else {
      word = (word ?? "") + character;
    }
  }
  end();
  return { words, operators };
}

const unescaped = (_: string, character: string): string => (character === "\n" ? "" : character);
