import { Fault } from "@plinth/fault";
import type { ExecEvent } from "@plinth/client";
import type { SessionRequest } from "@plinth/resource";
import type { Context } from "../command.ts";
import { openTerminal, pipedInput } from "../terminal/session-input.ts";

export async function run(context: Context): Promise<number> {
  const { output, json, signal } = context;
  for await (const event of events(context)) {
    if ("exitCode" in event) {
      if (json) output.event({ type: "result", exitCode: event.exitCode });
      return event.exitCode;
    }
    if (json) {
      output.event({ type: "output", stream: event.stream, text: event.data.toString("utf8") });
      continue;
    }
    // Bytes go through as they are: the user chose the command, and may want its colours or a binary file.
    const surface = event.stream === "stdout" ? output.stdout : output.stderr;
    await surface.writeAll(event.data, signal);
  }
  throw new Fault("unavailable", "The command's answer broke off before its exit code came");
}

async function* events(context: Context): AsyncGenerator<ExecEvent> {
  const { client, signal } = context;
  const instance = context.required("INSTANCE");
  const command = context.many("COMMAND");
  if (!context.is("tty")) {
    if (!context.is("interactive")) return yield* client.exec(instance, command, { signal });
    return yield* client.attach(instance, { command: [...command] }, pipedInput(), { signal });
  }
  if (!process.stdin.isTTY || !process.stdout.isTTY || context.json) {
    throw new Fault("invalid", "Cannot use --tty: standard input and output must be a terminal", {
      hint: "Leave -t out; -i passes input on.",
    });
  }
  using terminal = openTerminal();
  const type = process.env["TERM"];
  const request: SessionRequest = {
    command: [...command],
    terminal: terminal.size,
    ...(type !== undefined && type !== "" && { terminalType: type }),
  };
  yield* client.attach(instance, request, terminal.input, { signal });
}
