import { StringDecoder } from "node:string_decoder";
import type { InstanceLine } from "@plinth/api";
import type { Registry } from "@plinth/registry";
import type { Reach } from "./reach.ts";

export interface AppLogOptions {
  readonly registry: Registry;
  readonly reach: Pick<Reach, "log">;
  /** Of the instances. */
  readonly labels: Readonly<Record<string, string>>;
  /** Only this one of them. */
  readonly instance?: string | undefined;
  /** Of each instance; undefined: all that is kept. */
  readonly tail: number | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Longer lines are cut: a workload may never write a newline. What logs in JSON writes traces of this length. */
const LINE_CHARACTERS_MAX = 65_536;
const CUT = "…";

type Lines = readonly InstanceLine[];

/**
 * What instances write, in batches of whole lines. Ends at the end of what is written, or with `follow` by the signal,
 * which ends it without an error. Of each instance at most one chunk and one line are held for a reader that is slow.
 */
export async function* appLog(options: AppLogOptions): AsyncGenerator<Lines> {
  const { registry, labels, instance, tail, follow, signal } = options;
  const { resourceVersion } = registry;
  const isChosen = (name: string): boolean => instance === undefined || name === instance;
  const names = registry
    .list("Instance", labels)
    .map(({ metadata }) => metadata.name)
    .filter(isChosen);
  if (!follow) {
    for (const name of names.sort()) yield* instanceLog(name, tail, undefined, options);
    return;
  }
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const handover = new Handover<Lines>(either);
  const gone = new Map<string, AbortController>();

  const tailOne = async (name: string, from: number | undefined): Promise<void> => {
    const ended = new AbortController();
    gone.set(name, ended);
    const log = instanceLog(name, from, ended.signal, { ...options, signal: either });
    for await (const lines of log) await handover.offer(lines);
  };
  const start = (name: string, from: number | undefined): void => {
    tailOne(name, from).catch((error: unknown) => handover.fail(error));
  };
  const follower = async (): Promise<void> => {
    for await (const { type, object } of registry.watch("Instance", {
      labels,
      resourceVersion,
      signal: either,
    })) {
      const { name } = object.metadata;
      if (!isChosen(name)) continue;
      if (type === "ADDED") start(name, undefined);
      if (type !== "DELETED") continue;
      gone.get(name)?.abort();
      gone.delete(name);
    }
  };
  try {
    for (const name of names) start(name, tail);
    follower().catch((error: unknown) => handover.fail(error));
    for (;;) {
      const lines = await handover.take();
      if (lines === undefined) return;
      yield lines;
    }
  } finally {
    over.abort();
  }
}

async function* instanceLog(
  instance: string,
  lines: number | undefined,
  ended: AbortSignal | undefined,
  { reach, follow, signal }: Pick<AppLogOptions, "reach" | "follow" | "signal">,
): AsyncGenerator<Lines> {
  const cutter = new LineCutter();
  for await (const chunk of await reach.log(instance, { tail: lines, follow, signal, ended })) {
    const whole = cutter.feed(chunk);
    if (whole.length > 0) yield whole.map((line) => ({ instance, line }));
  }
  const rest = cutter.end();
  if (rest !== "") yield [{ instance, line: rest }];
}

/** Bytes in any pieces to lines, each cut to a length fit for showing. */
class LineCutter {
  readonly #decoder = new StringDecoder("utf8");
  #line = "";

  /** The lines that ended within `chunk`. */
  feed(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const [first = "", ...others] = this.#decoder.write(bytes).split("\n");
    // One more than is shown is kept, so that a cut is known for one.
    this.#line += first.slice(0, LINE_CHARACTERS_MAX + 1 - this.#line.length);
    const lines: string[] = [];
    for (const part of others) {
      lines.push(this.end());
      this.#line = part.slice(0, LINE_CHARACTERS_MAX + 1);
    }
    return lines;
  }

  /** What has no end yet. */
  end(): string {
    const line = this.#line;
    this.#line = "";
    if (line.length > LINE_CHARACTERS_MAX) return line.slice(0, LINE_CHARACTERS_MAX) + CUT;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

/** Passes values from many to one, in turn; who offers waits until the value was taken. Ends with the signal. */
class Handover<Value> {
  readonly #signal: AbortSignal;
  #offers: { readonly value: Value; readonly taken: () => void }[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  async offer(value: Value): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((taken) => {
      this.#offers.push({ value, taken });
      this.#wake?.();
    });
  }

  /** Makes the taker throw, once what was offered before is taken. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  /** Undefined after the end. */
  async take(): Promise<Value | undefined> {
    for (;;) {
      if (this.#signal.aborted) return undefined;
      const offer = this.#offers.shift();
      if (offer !== undefined) {
        offer.taken();
        return offer.value;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  #end(): void {
    for (const { taken } of this.#offers) taken();
    this.#offers = [];
    this.#wake?.();
  }
}
