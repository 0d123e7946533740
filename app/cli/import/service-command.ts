import { type ServiceSpec, quoted } from "@plinth/resource";
import { type Part, child, isList } from "./part.ts";
import { shellWords } from "./shell-words.ts";
import type { ComposeService, Translating } from "./translated.ts";

/** What Plinth puts in by itself wherever it stands. */
const PLACES = /\$\{(PORT|HOST)\}/;

/** `command` and `entrypoint`, in place of the image's. */
export function commandOf({ part }: ComposeService, context: Translating): Partial<ServiceSpec> {
  const entrypoint = wordsOf(child(part, "entrypoint"), context);
  const given = child(part, "command");
  const command = wordsOf(given, context);
  const result: Partial<ServiceSpec> = {};
  if (entrypoint !== undefined) result.entrypoint = entrypoint;
  if (command !== undefined && command.length > 0) result.command = command;
  if (command?.length === 0 && entrypoint === undefined)
    context.notes.refused(given!, "an image's command cannot be left out alone", "say `entrypoint`, too");
  return result;
}

/** Words as a list, or as a text that is split; undefined where there are none to be read. */
export function wordsOf(part: Part | undefined, { notes, values }: Translating): string[] | undefined {
  if (part === undefined) return undefined;
  if (isList(part))
    return part.value.flatMap((each) => values.text(each) ?? []).map((text) => literal(text, part));
  const text = values.text(part, "a text or a list of words");
  if (text === undefined) return undefined;
  const { words, operators, problem } = shellWords(text);
  if (problem !== undefined) {
    notes.refused(part, `cannot be split into words: ${problem}`);
    return undefined;
  }
  for (const operator of operators) {
    const instead = `write ["/bin/sh", "-c", "…"] if one is meant to`;
    notes.ignored(part, `no shell reads ${quoted(operator)}, which is passed on as a word`, instead);
  }
  return words.map((word) => literal(word, part));

  function literal(word: string, at: Part): string {
    refusePlaces(word, at, notes);
    return word;
  }
}

/** A literal ${PORT} cannot be said: Plinth replaces it. */
export function refusePlaces(text: string, part: Part, notes: Translating["notes"]): void {
  const [place, name] = PLACES.exec(text) ?? [];
  if (place === undefined) return;
  const instead = `write $$${name ?? ""}, which the program's shell reads by itself`;
  notes.refused(part, `Plinth puts the instance's own in the place of ${place}`, instead);
}
