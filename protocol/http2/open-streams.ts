import type { Http2Stream } from "./stream.ts";

const SLOTS_MIN = 16;

/**
 * The open streams of a session by id: a table of slots, the next free one where an id's own is taken. A Map would do,
 * but one whose entries come and go is made anew again and again, and each old one keeps the next, and with it the
 * streams in it, until old memory is collected. At most half of the slots are taken. Ids come in sequence, so they
 * rarely meet; a peer that makes them meet pays with a look at each of its own streams.
 */
export class OpenStreams {
  size = 0;
  #slots: (Http2Stream | undefined)[] = emptySlots(SLOTS_MIN);

  get(id: number): Http2Stream | undefined {
    return this.#slots[this.#slotOf(id)];
  }

  /** Its id must not be there. */
  add(stream: Http2Stream): void {
    if ((this.size + 1) * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(stream.id)] = stream;
    this.size++;
  }

  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let free = this.#slotOf(id);
    if (slots[free] === undefined) return;
    this.size--;
    // Those behind it move up, unless they would come before their own slot.
    for (let slot = (free + 1) & mask; slots[slot] !== undefined; slot = (slot + 1) & mask) {
      const own = (slots[slot]!.id >>> 1) & mask;
      if (((slot - own) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot];
      free = slot;
    }
    slots[free] = undefined;
  }

  /** Those that are there now, whatever becomes of them meanwhile. */
  all(): Http2Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  clear(): void {
    this.#slots = emptySlots(SLOTS_MIN);
    this.size = 0;
  }

  /** Where it is, or would be. */
  #slotOf(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (id >>> 1) & mask;
    for (let stream = slots[slot]; stream !== undefined && stream.id !== id; stream = slots[slot]) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = emptySlots(this.#slots.length * 2);
    for (const stream of streams) this.#slots[this.#slotOf(stream.id)] = stream;
  }
}

function emptySlots(count: number): (Http2Stream | undefined)[] {
  return Array.from<Http2Stream | undefined>({ length: count }).fill(undefined);
}
