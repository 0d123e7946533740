import { once } from "node:events";
import { createClient } from "@plinth/client";
import { systemClock } from "@plinth/clock";
import type { Context } from "./command.ts";
import { Interruption, UsageFault, exitCodeOf } from "./exit-code.ts";
import { homeDirectory, socketPath } from "./home.ts";
import { type Parsed, parseCommandLine } from "./parse.ts";
import { Output } from "./terminal/output.ts";

/** Runs one command line and sets the process's exit code. */
export async function runCommandLine(line: readonly string[]): Promise<void> {
  let output = outputFor(line.includes("--no-color"), false);
  const interruptions = listenForInterruptions();
  // `plinth … | head` closes our output early.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    interruptions.end("SIGPIPE");
  });
  let json = line.includes("--json");
  try {
    const parsed = parseCommandLine(line);
    output = outputFor(parsed.values.has("no-color"), parsed.values.has("quiet"));
    json = parsed.values.has("json");
    process.exitCode = (await dispatch(parsed, output, interruptions)) ?? 0;
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (!(error instanceof Interruption)) await report(error, output, json);
  } finally {
    interruptions.stop();
  }
  // The exit code of a process whose output cannot be written yet is still its own: wait for both.
  await Promise.all([process.stdout, process.stderr].map(flushed));
}

async function dispatch(
  parsed: Parsed,
  output: Output,
  interruptions: Interruptions,
): Promise<number | void> {
  const { command, words, values } = parsed;
  if (values.has("version"))
    return (await import("./commands/version.ts")).printVersion(output, values.has("json"));
  if (values.has("help") || command?.load === undefined) {
    const { helpText } = await import("./help.ts");
    // Asked for, help is the result; otherwise it says what is missing.
    const asked = values.has("help");
    (asked ? output.stdout : output.stderr).write(helpText(words, asked ? output.stdout : output.stderr));
    return asked ? 0 : 2;
  }
  const home = homeDirectory(textOf(values.get("home")), process.env);
  const loaded = await command.load();
  const text = (name: string): string | undefined =>
    parsed.arguments.get(name)?.[0] ?? textOf(values.get(name));
  const context: Context = {
    words,
    text,
    required: (name) => text(name)!,
    number: (name) => (text(name) === undefined ? undefined : Number(text(name))),
    many: (name) => parsed.arguments.get(name) ?? [],
    is: (flag) => values.has(flag),
    home,
    json: values.has("json"),
    output,
    client: createClient({ socketPath: socketPath(home) }),
    clock: systemClock,
    signal: interruptions.first,
    atOnce: interruptions.second,
  };
  return loaded.run(context);
}

function textOf(value: string | true | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function outputFor(noColour: boolean, quiet: boolean): Output {
  const { stdout, stderr, env: environment } = process;
  return new Output({ stdout, stderr, environment, colour: !noColour, quiet });
}

async function report(error: unknown, output: Output, json: boolean): Promise<void> {
  const { errorJson, errorLines } = await import("./report.ts");
  if (json && !(error instanceof UsageFault)) output.event(errorJson(error));
  for (const line of await errorLines(error, output.stderr)) output.error(line);
}

interface Interruptions {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  end(signal: NodeJS.Signals): void;
  stop(): void;
}

function listenForInterruptions(): Interruptions {
  const first = new AbortController();
  const second = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    const controller = first.signal.aborted ? second : first;
    controller.abort(new Interruption(signal as ConstructorParameters<typeof Interruption>[0]));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  const stop = (): void => {
    for (const signal of signals) process.off(signal, end);
  };
  return { first: first.signal, second: second.signal, end, stop };
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0 && !stream.destroyed) await once(stream, "drain").catch(() => {});
}
