import type { Context } from "../command.ts";

export async function run({ client, output, json, signal }: Context): Promise<void> {
  const report = await client.expireCertificates({ signal });
  if (json) return output.json(report);
  for (const { name, certificates } of report.hosts) {
    const what = certificates === 1 ? "1 certificate was" : `${certificates} certificates were`;
    output.result(`${name}: ${what} replaced`);
  }
}
