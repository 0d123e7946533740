import { Fault } from "@plinth/fault";
import { validate } from "@plinth/resource/validate";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { readSecretInput } from "../secret-input.ts";
import { columns } from "../terminal/columns.ts";
import { ageText } from "../terminal/quantities.ts";

/** What the API accepts; a larger file is said before it is read. */
const SECRET_BYTES_MAX = 2 ** 20;

export async function run(context: Context): Promise<void> {
  const verb = context.words[1];
  if (verb === "set") return set(context);
  return verb === "delete" ? remove(context) : list(context);
}

async function set(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const name = context.required("NAME");
  if (validate("SecretName", name).length > 0) {
    // NAME=VALUE is a likely slip: the value must not come back on the screen.
    const shown = name.includes("=") ? name.slice(0, name.indexOf("=")) : name;
    throw new UsageFault(
      `Cannot name a secret ${JSON.stringify(shown)}: expected lower-case letters, digits and inner hyphens, at most 40`,
      words,
      name.includes("=")
        ? {
            hint: "A value never goes on the command line, where other users see it: use standard input or --file.",
          }
        : {},
    );
  }
  const file = context.text("file");
  const value = await readSecretInput(context, file, `Value of ${name}`, SECRET_BYTES_MAX);
  if (value.length === 0) throw new Fault("invalid", `Cannot set secret "${name}": the value is empty`);
  const secret = await client.setSecretValue(name, value, { signal });
  const { version = null } = secret.status ?? {};
  if (json) output.json({ name, version });
  else output.result(`secret ${name} is set (version ${version ?? "?"})`);
  output.note("Services that use it get it with the next `plinth up`.");
}

async function list({ client, output, json, clock, signal }: Context): Promise<void> {
  const { items } = await client.list("Secret", { signal });
  const rows = items.map(({ metadata, status }) => ({
    name: metadata.name,
    version: status?.version ?? null,
    updatedAt: status?.updatedAt ?? null,
  }));
  if (json) return output.json(rows);
  if (rows.length === 0) return output.note("No secrets. `plinth secrets set NAME` stores one.");
  const now = clock.now();
  const lines = columns(
    rows,
    [
      { title: "NAME", text: ({ name }) => name },
      { title: "VERSION", text: ({ version }) => String(version ?? "-"), right: true },
      { title: "AGE", text: ({ updatedAt }) => ageText(updatedAt, now), right: true },
    ],
    output.stdout,
  );
  for (const line of lines) output.result(line);
}

async function remove(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const name = context.required("NAME");
  await client.delete("Secret", name, { signal });
  if (json) output.json({ name, deleted: true });
  else output.result(`secret ${name} is deleted`);
}
