import { Fault } from "@plinth/fault";
import { canListen } from "@plinth/process";
import type { MachineClaims } from "./machine-claims.ts";

/** ${PORT} comes from 20000-29999, claimed by homes in chunks so that two homes never give out the same one. */
export const FIRST_INSTANCE_PORT = 20_000;
const CHUNK_PORTS = 50;
export const PORT_CHUNKS: number = 10_000 / CHUNK_PORTS;

/** Gives out ports for instances from the chunks this home has claimed. */
export class InstancePorts {
  readonly #claims: MachineClaims;
  readonly #chunks: number[];
  readonly #onChunk: (chunks: readonly number[]) => Promise<void>;
  readonly #preferred: number;
  readonly #reserved: Set<number> = new Set();
  #next = 0;

  #claiming: Promise<void> | undefined;

  /** `onChunk` must have stored the chunks when it resolves: a port given out is never outside a known chunk. */
  constructor(options: {
    claims: MachineClaims;
    chunks: readonly number[];
    preferred: number;
    onChunk: (chunks: readonly number[]) => Promise<void>;
  }) {
    this.#claims = options.claims;
    this.#chunks = [...options.chunks];
    this.#preferred = options.preferred;
    this.#onChunk = options.onChunk;
  }

  /** Marks a port in use, as of an instance that was here before this process. */
  adopt(port: number): void {
    this.#reserved.add(port);
  }

  free(port: number): void {
    this.#reserved.delete(port);
  }

  /** A port nobody listens on, reserved until `free`. Goes round, so that a port just freed is not reused at once. */
  async allocate(): Promise<number> {
    for (;;) {
      const total = this.#chunks.length * CHUNK_PORTS;
      for (let tried = 0; tried < total; tried++) {
        const index = this.#next++ % total;
        const chunk = this.#chunks[Math.floor(index / CHUNK_PORTS)]!;
        const port = FIRST_INSTANCE_PORT + chunk * CHUNK_PORTS + (index % CHUNK_PORTS);
        if (this.#reserved.has(port)) continue;
        this.#reserved.add(port);
        if (await canListen("127.0.0.1", port)) return port;
        this.#reserved.delete(port);
      }
      if (this.#chunks.length >= PORT_CHUNKS) {
        throw new Fault("exhausted", "Cannot give an instance a port: all of 20000-29999 are in use");
      }
      // One claim serves all who found none free.
      this.#claiming ??= this.#claim().finally(() => (this.#claiming = undefined));
      await this.#claiming;
    }
  }

  async #claim(): Promise<void> {
    this.#chunks.push(await this.#claims.claim("ports", PORT_CHUNKS, this.#preferred));
    await this.#onChunk(this.#chunks);
  }
}
