import type { InstanceLine } from "@plinth/api";
import type { Remapped, Remapper } from "@plinth/observe";
import type { Registry } from "@plinth/registry";

export interface LogFieldsOptions {
  readonly registry: Registry;
  readonly remapper: Pick<Remapper, "remap">;
  readonly app: string;
}

/**
 * Batches of an app's lines, each of one instance, with what `logs.remap` of its service makes of them. It is the app's
 * program of the moment: what was kept is as it was written, so a better program reads older lines, too.
 */
export async function* withFields(
  written: AsyncIterable<readonly InstanceLine[]>,
  { registry, remapper, app }: LogFieldsOptions,
): AsyncGenerator<readonly InstanceLine[]> {
  // An instance's last words are read when it is no longer listed.
  const services = new Map<string, string>();
  for await (const lines of written) {
    const { instance } = lines[0]!;
    const service = registry.get("Instance", instance)?.spec.service ?? services.get(instance) ?? "";
    services.set(instance, service);
    const program = registry.get("App", app)?.spec.services[service]?.logs?.remap;
    if (program === undefined) {
      yield lines;
      continue;
    }
    const events = lines.map(({ line }) => ({ message: line, app, service, instance }));
    const remapped = await remapper.remap(program, events);
    const read = lines.flatMap((line, index) => entriesOf(line, remapped[index]!));
    if (read.length > 0) yield read;
  }
}

function entriesOf(line: InstanceLine, remapped: Remapped): InstanceLine[] {
  if ("error" in remapped) return [{ ...line, error: remapped.error }];
  return remapped.fields.map((fields) => ({ ...line, fields }));
}
