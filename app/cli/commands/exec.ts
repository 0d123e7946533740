import { Fault } from "@plinth/fault";
import type { Context } from "../command.ts";

export async function run(context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  for await (const event of client.exec(context.required("INSTANCE"), context.many("COMMAND"), { signal })) {
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
