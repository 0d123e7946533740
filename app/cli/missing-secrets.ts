import type { Context } from "./command.ts";
import type { Project } from "./project.ts";
import { readHiddenLine } from "./terminal/hidden-line.ts";

/** Asks a person at a terminal for secrets the app needs and nobody has set; elsewhere the deployment says so. */
export async function askForMissingSecrets(context: Context, { name, spec }: Project): Promise<void> {
  const { client, output, signal, json } = context;
  if (json || !process.stdin.isTTY || !output.stderr.isTerminal) return;
  const { secrets } = await client.plan(name, spec, { signal });
  for (const { name: secret, change } of secrets) {
    if (change !== "missing") continue;
    output.stderr.write(`${name} needs the secret ${secret}, which is not set. Its value (not shown): `);
    const value = await readHiddenLine(process.stdin, signal);
    // Nothing typed: the deployment will say what is missing.
    if (value !== "") await client.setSecretValue(secret, Buffer.from(value), { signal });
  }
}
