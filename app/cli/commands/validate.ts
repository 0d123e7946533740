import type { Context } from "../command.ts";
import { loadConfig } from "../config/load-config.ts";
import { noteText } from "../import/note-text.ts";
import { shownPath } from "../terminal/shown-path.ts";

export async function run(context: Context): Promise<void> {
  const { clock, signal, home, output, json } = context;
  if (context.is("markdown")) {
    const { configReferenceMarkdown } = await import("../config-reference.ts");
    return output.stdout.write(configReferenceMarkdown());
  }
  if (context.is("schema")) {
    const { jsonSchema } = await import("@plinth/resource");
    return output.json(jsonSchema("Config"));
  }
  const { name, spec, file, ignored } = await loadConfig(context.text("DIR|FILE") ?? ".", {
    clock,
    home,
    signal,
    print: (text) => output.stderr.write(text),
  });
  const services = Object.keys(spec.services);
  const notes = ignored.map(noteText);
  if (json)
    return output.json({ valid: true, app: name, services, file, ...(notes.length > 0 && { notes }) });
  for (const note of notes) output.warn(note);
  output.result(
    `${shownPath(file)} is valid: ${name} with ${services.length === 1 ? "1 service" : `${services.length} services`}`,
  );
}
