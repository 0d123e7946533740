import type { IdentityReport } from "@plinth/resource";
import type { Context } from "../command.ts";
import { columns } from "../terminal/columns.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const isRotation = words[1] === "rotate";
  const report = isRotation
    ? await client.rotateRoot(context.is("now"), { signal })
    : await client.identity({ signal });
  if (json) return output.json(report);
  output.result(`trust domain ${report.trustDomain}`);
  const lines = columns<IdentityReport["roots"][number]>(
    report.roots,
    [
      { title: "ROOT", text: ({ fingerprint }) => fingerprint.slice(0, FINGERPRINT_CHARACTERS) },
      { title: "STATE", text: ({ state }) => state },
      { title: "FROM", text: ({ notBefore }) => notBefore },
      { title: "TO", text: ({ notAfter }) => notAfter },
    ],
    output.stdout,
  );
  for (const line of lines) output.result(line);
  if (isRotation && !context.is("now")) output.note("The old root is retired in a day, by itself.");
}

/** Enough to tell a few roots apart; --json has all of it. */
const FINGERPRINT_CHARACTERS = 16;
