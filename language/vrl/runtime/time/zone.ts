/** Timezones by their names in the IANA database: what their clocks show, and what they are called, at any time. */
import { offsetName } from "./offset.ts";
import { otherNames, tails, timezones } from "./zone-data.ts";

/** While clocks are not changed. */
export interface Span {
  /** Seconds ahead of UTC. */
  readonly offset: number;
  /** `CET`, `+03`; of the machine's own timezone always the offset. */
  readonly name: string;
}

/** What a local time can stand for: nothing where clocks went past it, two times where they went back over it. */
type LocalSpans = readonly Span[];

export class Zone {
  /** Seconds since 1970 at which the span of the same index, less one, ends and the next begins. */
  readonly #changes: readonly number[];
  readonly #spans: readonly Span[];

  constructor(changes: readonly number[], spans: readonly Span[]) {
    this.#changes = changes;
    this.#spans = spans;
  }

  /** `seconds`: since 1970 in UTC. */
  spanAt(seconds: number): Span {
    return this.#spans[this.#indexAt(seconds)]!;
  }

  /** `seconds`: since 1970 as clocks in the timezone show it. The earlier time comes first. */
  spansAtLocal(seconds: number): LocalSpans {
    const found: Span[] = [];
    // No offset is a day, and no two changes are within one.
    const first = this.#indexAt(seconds - DAY_SECONDS);
    const last = this.#indexAt(seconds + DAY_SECONDS);
    for (let index = first; index <= last; index++) {
      const span = this.#spans[index]!;
      const begins = (this.#changes[index - 1] ?? -Infinity) + span.offset;
      const ends = (this.#changes[index] ?? Infinity) + span.offset;
      if (begins <= seconds && seconds < ends) found.push(span);
    }
    return found;
  }

  #indexAt(seconds: number): number {
    const changes = this.#changes;
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (changes[middle]! <= seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The same, named by its offsets. */
  namedByOffset(): Zone {
    return new Zone(
      this.#changes,
      this.#spans.map(({ offset }) => ({ offset, name: offsetName(offset) })),
    );
  }
}

const DAY_SECONDS = 86_400;

export const utc: Zone = new Zone([], [{ offset: 0, name: "UTC" }]);

const zones = new Map<string, Zone>();
let definitions: ReadonlyMap<string, string> | undefined;

/**
 * The timezone of a program: a name of the database, or `local` or nothing for the machine's own, which is
 * `localTimezone`; undefined: there is none of that name.
 */
export function zoneOf(name: string, localTimezone: string): Zone | undefined {
  if (name !== "" && name !== "local") return namedZone(name);
  const key = `local ${localTimezone}`;
  let zone = zones.get(key);
  if (zone === undefined) zones.set(key, (zone = (namedZone(localTimezone) ?? utc).namedByOffset()));
  return zone;
}

function namedZone(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  definitions ??= readDefinitions();
  const definition = definitions.get(name);
  if (definition === undefined) return undefined;
  const zone = readZone(definition);
  zones.set(name, zone);
  return zone;
}

/** By name, also the other names. */
function readDefinitions(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of timezones.trim().split("\n")) {
    const at = line.indexOf("|");
    found.set(line.slice(0, at), line.slice(at + 1));
  }
  for (const line of otherNames.trim().split("\n")) {
    const [other = "", name = ""] = line.split("=");
    found.set(other, found.get(name)!);
  }
  return found;
}

const FIRST_LETTER = 0x61;

function readZone(definition: string): Zone {
  const [times = "", changesText = ""] = definition.split("|");
  const spans = times.split(",").map(readSpan);
  const changes: number[] = [];
  const order: Span[] = [spans[0]!];
  let now = 0;
  const change = (letter: string, after: string): void => {
    now += readSeconds(after);
    changes.push(now);
    order.push(spans[indexOfLetter(letter)]!);
  };
  for (const token of changesText === "" ? [] : changesText.split(" ")) {
    if (!token.startsWith("*")) change(token[0]!, token.slice(1));
    else {
      const [tail = "", count = ""] = token.slice(1, -2).split(".");
      const letters = token.slice(-2);
      const last = tails[Number.parseInt(tail, 36)]!.split(" ").slice(-Number(count));
      for (const [index, after] of last.entries()) change(letters[index % 2]!, after);
    }
  }
  return new Zone(changes, order);
}

/** Letters go on with capitals. */
function indexOfLetter(letter: string): number {
  const code = letter.charCodeAt(0);
  return code >= FIRST_LETTER ? code - FIRST_LETTER : code - 0x41 + 26;
}

/** A name may have a sign or be missing, so the last sign parts it from the offset. */
function readSpan(text: string): Span {
  const at = Math.max(text.lastIndexOf("+"), text.lastIndexOf("-"));
  const offset = Number(text.slice(at));
  return { offset, name: text.slice(0, at) || shortOffsetName(offset) };
}

/** `+03`, `-0330`. */
function shortOffsetName(offset: number): string {
  return offsetName(offset).replaceAll(":", "").replace(/00$/, "");
}

function readSeconds(text: string): number {
  return text.startsWith("'") ? Number.parseInt(text.slice(1), 36) : Number.parseInt(text, 36) * 60;
}
