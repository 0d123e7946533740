import { Fault } from "@plinth/fault";

/** One flag of the command line, with the names that runc gave it. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What the value is called in the help; absent: the flag is a yes or no. */
  readonly value?: string;
  /** May be given more than once. */
  readonly repeats?: true;
  readonly summary: string;
  readonly default?: string;
}

/** Values by name of the flag; those without a value hold "true" or "false". */
export type FlagValues = ReadonlyMap<string, readonly string[]>;

/** The command line is wrong: nothing was done. */
export class UsageFault extends Fault {
  constructor(message: string) {
    super("invalid", message);
  }
}

export interface ParseOptions {
  readonly flags: readonly Flag[];
  /** What follows the first word is not ours: another command's line. */
  readonly stopsAtWord: boolean;
}

/**
 * Reads flags as programs written in Go do: one dash is as good as two, a value follows after "=" or as the next
 * argument, "--" ends them.
 */
export function parseFlags(
  line: readonly string[],
  { flags, stopsAtWord }: ParseOptions,
): { readonly values: FlagValues; readonly words: readonly string[] } {
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const argument = line[at]!;
    if (argument === "--") {
      words.push(...line.slice(at + 1));
      break;
    }
    if (!/^-./.test(argument) || (words.length > 0 && stopsAtWord)) {
      if (stopsAtWord) {
        words.push(...line.slice(at));
        break;
      }
      words.push(argument);
      continue;
    }
    const [, name = "", inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    const flag = flags.find((each) => each.name === name || each.short === name);
    if (flag === undefined) throw new UsageFault(`flag provided but not defined: -${name}`);
    let value = inline;
    if (flag.value === undefined) {
      value ??= "true";
      if (value !== "true" && value !== "false")
        throw new UsageFault(`invalid boolean value "${value}" for -${name}: not true or false`);
    } else if (value === undefined) {
      at += 1;
      value = line[at];
      if (value === undefined) throw new UsageFault(`flag needs an argument: -${name}`);
    }
    values.set(flag.name, flag.repeats === true ? [...(values.get(flag.name) ?? []), value] : [value]);
  }
  return { values, words };
}

/** Values of one command line by the flag's name. */
export class Flags {
  readonly #values: FlagValues;

  constructor(values: FlagValues) {
    this.#values = values;
  }

  isSet(name: string): boolean {
    return this.#values.get(name)?.at(-1) === "true";
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A number that is not negative. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text))
      throw new UsageFault(`invalid value "${text}" for flag -${name}: not a number`);
    return Number(text);
  }
}
