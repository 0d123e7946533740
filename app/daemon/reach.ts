import { StringDecoder } from "node:string_decoder";
import { join } from "node:path";
import type { ExecEvent, LogRequest } from "@plinth/api";
import { Fault } from "@plinth/fault";
import type { Question } from "@plinth/hosts";
import type { Fleet } from "@plinth/release";
import { lastLines, tailLog } from "@plinth/run";
import { execEvents } from "./exec-events.ts";
import type { Role } from "./role.ts";

export interface ReachOptions {
  readonly fleet: Fleet;
  /** HOME/logs. */
  readonly logs: string;
  readonly ask: Role["ask"];
}

/** The last lines of a failed instance elsewhere are worth a moment, not a deploy's time. */
const LAST_LINES_MS = 2000;

/** Looks into instances and acts on them wherever they run: here, or by asking their host. */
export class Reach {
  readonly #options: ReachOptions;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** What an instance has written. `ended`: nothing more will come. */
  async log(
    instance: string,
    { follow, tail, signal, ended }: LogRequest & { readonly ended?: AbortSignal | undefined },
  ): Promise<AsyncIterable<Uint8Array>> {
    const host = this.#hostOf(instance);
    if (host !== undefined) {
      const either = ended === undefined ? signal : AbortSignal.any([signal, ended]);
      return this.#options.ask(host, { deed: "log", instance, follow, lines: tail }, either);
    }
    const directory = join(this.#options.logs, instance);
    return tailLog({ directory, follow, lines: tail, signal, ...(ended && { ended }) });
  }

  /** The last lines an instance wrote; none where its host does not tell. */
  async lastLines(instance: string, count: number): Promise<string[]> {
    if (this.#hostOf(instance) === undefined) return lastLines(join(this.#options.logs, instance), count);
    const text: Buffer[] = [];
    try {
      const signal = AbortSignal.timeout(LAST_LINES_MS);
      for await (const part of await this.log(instance, { follow: false, tail: count, signal }))
        text.push(Buffer.from(part));
    } catch {
      // What has come by then is shown.
    }
    const lines = Buffer.concat(text).toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-count);
  }

  async exec(
    instance: string,
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<ExecEvent>> {
    const host = this.#hostOf(instance);
    if (host !== undefined)
      return decoded(await this.#options.ask(host, { deed: "exec", instance, command }, signal));
    const runner = this.#runner(instance, "run a command in");
    return execEvents((sinks) => runner.exec(command, { ...sinks, signal }));
  }

  async signal(instance: string, name: NodeJS.Signals): Promise<void> {
    const host = this.#hostOf(instance);
    if (host === undefined) return this.#runner(instance, `send ${name} to`).kill(name);
    const never = new AbortController().signal;
    for await (const _part of await this.#options.ask(
      host,
      { deed: "signal", instance, signal: name },
      never,
    ));
  }

  /** Answers what the first host asks of this one; about its own instances alone. */
  async answer(question: Question, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { instance } = question;
    this.#runner(instance, "see into");
    if (question.deed === "log")
      return this.log(instance, { follow: question.follow, tail: question.lines, signal });
    if (question.deed === "exec") return encoded(await this.exec(instance, question.command, signal));
    await this.signal(instance, question.signal);
    return encoded([]);
  }

  /** Another host that an instance runs on. */
  #hostOf(instance: string): string | undefined {
    const { fleet } = this.#options;
    if (fleet.runner(instance) !== undefined) return undefined;
    return fleet.list().find(({ metadata }) => metadata.name === instance)?.spec.host;
  }

  #runner(instance: string, deed: string): NonNullable<ReturnType<Fleet["runner"]>> {
    const { fleet } = this.#options;
    const runner = fleet.runner(instance);
    if (runner !== undefined) return runner;
    const known = fleet.list().map(({ metadata }) => metadata.name);
    throw new Fault("not-found", `Cannot ${deed} "${instance}": no such instance`, {
      hint:
        known.length === 0
          ? "No instance runs; start some with plinth up."
          : `Running are: ${known.join(", ")}.`,
    });
  }
}

async function* encoded(events: AsyncIterable<ExecEvent> | Iterable<ExecEvent>): AsyncGenerator<Uint8Array> {
  for await (const event of events) {
    const line =
      "data" in event ? { stream: event.stream, data: Buffer.from(event.data).toString("base64") } : event;
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  }
}

async function* decoded(parts: AsyncIterable<Uint8Array>): AsyncGenerator<ExecEvent> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const part of parts) {
    text += decoder.write(Buffer.from(part));
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as { stream: "stdout" | "stderr"; data: string } | { exitCode: number };
      yield "data" in event ? { ...event, data: Buffer.from(event.data, "base64") } : event;
    }
  }
}
