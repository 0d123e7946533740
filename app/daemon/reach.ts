import { join } from "node:path";
import type { ExecEvent, LogRequest, SessionInput } from "@plinth/api";
import { Fault } from "@plinth/fault";
import type { HostQuestion, Question, SightQuestion } from "@plinth/hosts";
import type { Fleet } from "@plinth/release";
import type { SessionRequest } from "@plinth/resource";
import { lastLines, tailLog } from "@plinth/run";
import { execEvents } from "./exec-events.ts";
import { readFiles, writeFiles } from "./instance-files.ts";
import { feed } from "./session-input.ts";
import { decodeLines, encodeLines } from "./json-lines.ts";
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
      return decoded(decodeLines(await this.#options.ask(host, { deed: "exec", instance, command }, signal)));
    const runner = this.#runner(instance, "run a command in");
    return execEvents((sinks) => runner.exec(command, { ...sinks, signal }));
  }

  /** A command with input, or a copy of files. */
  async attach(
    instance: string,
    request: SessionRequest,
    input: AsyncIterable<SessionInput>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ExecEvent>> {
    const host = this.#hostOf(instance);
    if (host !== undefined)
      throw new Fault("unsupported", `Cannot open a session with "${instance}" from here: it is on ${host}`, {
        hint: `Run the same command on ${host}; without -i and -t it runs from here, too.`,
      });
    const runner = this.#runner(instance, "open a session with");
    const { command, read, write } = request;
    if (read !== undefined) return readFiles(runner, read, signal);
    if (write !== undefined) return writeFiles(runner, write, input);
    const fed = feed(input);
    const env = request.terminalType === undefined ? {} : { TERM: request.terminalType };
    const terminal =
      request.terminal === undefined ? undefined : { size: request.terminal, onSize: fed.onSize };
    return execEvents((sinks) =>
      runner.exec(command ?? [], { ...sinks, stdin: fed.stdin, terminal, env, signal }).finally(fed.stop),
    );
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
  async answer(
    question: Exclude<Question, SightQuestion | HostQuestion>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { instance } = question;
    this.#runner(instance, "see into");
    if (question.deed === "log")
      return this.log(instance, { follow: question.follow, tail: question.lines, signal });
    if (question.deed === "exec")
      return encodeLines(encoded(await this.exec(instance, question.command, signal)));
    await this.signal(instance, question.signal);
    return encodeLines([]);
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

/** Bytes of an event as JSON has them. */
type ExecLine =
  | { readonly stream: "stdout" | "stderr"; readonly data: string }
  | { readonly exitCode: number };

async function* encoded(events: AsyncIterable<ExecEvent>): AsyncGenerator<ExecLine> {
  for await (const event of events) {
    yield "data" in event ? { ...event, data: Buffer.from(event.data).toString("base64") } : event;
  }
}

async function* decoded(lines: AsyncIterable<ExecLine>): AsyncGenerator<ExecEvent> {
  for await (const line of lines) {
    yield "data" in line ? { ...line, data: Buffer.from(line.data, "base64") } : line;
  }
}
