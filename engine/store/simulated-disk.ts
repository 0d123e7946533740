import type { Random } from "@plinth/clock";
import type { LogDisk, LogDiskFile } from "./log-disk.ts";

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;
/** Steps of the microtask queue that an operation takes, at most. */
const DELAY_STEPS_MAX = 6;

interface Inode {
  /** What the process reads. */
  cached: Buffer;
  /** What a power failure leaves. */
  durable: Buffer;
}

interface Write {
  readonly inode: Inode;
  readonly bytes: Buffer;
  readonly position: number;
}

/** Chances from 0 to 1 that an operation fails. */
export interface Failures {
  readonly write: number;
  readonly sync: number;
  readonly open: number;
  readonly remove: number;
}

const NO_FAILURES: Failures = { write: 0, sync: 0, open: 0, remove: 0 };

function grown(bytes: Buffer, length: number): Buffer {
  return length <= bytes.length ? bytes : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}

/**
 * A disk in memory, driven by a seed: it takes its time, fails, and at a power failure keeps any sectors of the writes
 * under way, in any order, and any of the names that were not synced.
 */
export class SimulatedDisk implements LogDisk {
  failures: Failures = NO_FAILURES;
  /** Operations until the power fails. */
  operationsLeft: number = Infinity;
  /** Resolves when the power fails; what was under way then never ends. */
  readonly powerFailure: Promise<void>;
  readonly #fail: () => void;
  readonly #random: Random;
  #names: Map<string, Inode>;
  #durableNames: Map<string, Inode>;
  readonly #writing: Set<Write> = new Set();

  constructor(random: Random, names: Map<string, Inode> = new Map()) {
    this.#random = random;
    this.#names = new Map(names);
    this.#durableNames = new Map(names);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.powerFailure = promise;
    this.#fail = resolve;
  }

  async names(): Promise<string[]> {
    await this.#operation(0);
    return [...this.#names.keys()];
  }

  async open(name: string): Promise<LogDiskFile> {
    await this.#operation(this.failures.open);
    let inode = this.#names.get(name);
    if (inode === undefined) {
      inode = { cached: Buffer.alloc(0), durable: Buffer.alloc(0) };
      this.#names.set(name, inode);
    }
    const opened = inode;
    return {
      write: (bytes, position) => this.#write({ inode: opened, bytes: Buffer.from(bytes), position }),
      read: async (length, position) => {
        await this.#operation(0);
        return Buffer.from(opened.cached.subarray(position, position + length));
      },
      size: async () => opened.cached.length,
      close: async () => {},
    };
  }

  async remove(name: string): Promise<void> {
    await this.#operation(this.failures.remove);
    this.#names.delete(name);
  }

  async sync(): Promise<void> {
    const names = new Map(this.#names);
    await this.#operation(this.failures.sync);
    this.#durableNames = names;
  }

  /** The disk as the next start finds it. */
  restarted(): SimulatedDisk {
    for (const write of this.#writing) this.#tear(write, "durable");
    const names = new Map(this.#durableNames);
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const now = this.#names.get(name);
      if (now === names.get(name) || this.#random() < 0.5) continue;
      if (now === undefined) names.delete(name);
      else names.set(name, now);
    }
    const inodes = [...names].map(
      ([name, { durable }]) =>
        [name, { cached: Buffer.from(durable), durable: Buffer.from(durable) }] as const,
    );
    return new SimulatedDisk(this.#random, new Map(inodes));
  }

  /** What is in a file; changing it changes the disk. */
  contents(name: string): Buffer {
    return this.#names.get(name)!.cached;
  }

  /** Another one with the same on it. */
  copy(): SimulatedDisk {
    const inodes = [...this.#names].map(
      ([name, { cached }]) => [name, { cached: Buffer.from(cached), durable: Buffer.from(cached) }] as const,
    );
    return new SimulatedDisk(this.#random, new Map(inodes));
  }

  async #write(write: Write): Promise<void> {
    this.#writing.add(write);
    try {
      await this.#operation(this.failures.write);
    } catch (error) {
      this.#tear(write, "cached");
      this.#tear(write, "durable");
      throw error;
    } finally {
      this.#writing.delete(write);
    }
    const { inode, bytes, position } = write;
    for (const side of ["cached", "durable"] as const) {
      inode[side] = grown(inode[side], position + bytes.length);
      bytes.copy(inode[side], position);
    }
  }

  /** Some sectors of it, in no order. */
  #tear({ inode, bytes, position }: Write, side: "cached" | "durable"): void {
    // All of it now and then, though it is said to have failed.
    const isWhole = this.#random() < 0.2;
    const share = isWhole ? 1 : this.#random();
    const cut =
      Math.ceil((position + (isWhole ? 1 : this.#random()) * bytes.length) / SECTOR_BYTES) * SECTOR_BYTES;
    const length = Math.min(bytes.length, cut - position);
    inode[side] = grown(inode[side], position + length);
    for (let from = 0; from < length;) {
      const to = Math.min(length, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
      if (this.#random() < share) bytes.copy(inode[side], position + from, from, to);
      from = to;
    }
  }

  /** Takes its time; from a power failure on, for ever. */
  async #operation(chanceOfFailure: number): Promise<void> {
    this.operationsLeft -= 1;
    if (this.operationsLeft <= 0) this.#fail();
    const steps = Math.floor(this.#random() * DELAY_STEPS_MAX);
    for (let step = 0; step < steps; step++) await Promise.resolve();
    if (this.operationsLeft <= 0) await new Promise(() => {});
    if (this.#random() < chanceOfFailure) throw new Error("EIO: i/o error");
  }
}
