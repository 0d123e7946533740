import { kinds } from "@plinth/resource";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { kindNamed } from "../kind-name.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const kind = kindNamed(context.required("KIND"), words);
  const name = context.required("NAME");
  if (!kinds[kind].writable && kind !== "Host") {
    throw new UsageFault(
      `Cannot delete ${kind.toLowerCase()} "${name}": ${kinds[kind].plural} are written by Plinth alone`,
      words,
      { hint: "Delete or change the app it belongs to." },
    );
  }
  await client.delete(kind, name, { signal });
  if (json) output.json({ kind, name, deleted: true });
  else output.result(`${kind.toLowerCase()} ${name} is ${kind === "App" ? "being deleted" : "deleted"}`);
  if (kind === "App") output.note("What its stores hold stays in the home's data/ until you remove it.");
  if (kind === "Host")
    output.note(
      "What it holds of certificates ends within a day; `plinth identity rotate --now` ends them at once.",
    );
}
