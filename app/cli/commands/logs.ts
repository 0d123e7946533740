import { Fault } from "@plinth/fault";
import type { Instance } from "@plinth/resource";
import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import type { Colour } from "../terminal/output.ts";
import { plainText } from "../terminal/plain-text.ts";

/** Enough to see what happened without drowning in it. */
const FOLLOW_TAIL_DEFAULT = 100;
/** A line without an end is shown in pieces of this size, so that it cannot fill memory. */
const LINE_BYTES_MAX = 64 * 2 ** 10;
const COLOURS: readonly Colour[] = ["cyan", "magenta", "green", "yellow", "blue"];

interface Selection {
  readonly app: string;
  /** One of the two. */
  readonly service?: string;
  readonly instance?: string;
}

function accepts({ service, instance }: Selection, { metadata, spec }: Instance): boolean {
  return instance === undefined ? spec.service === service : metadata.name === instance;
}

export async function run(context: Context): Promise<void> {
  const { client, signal } = context;
  const follow = context.is("follow");
  const tail = context.number("tail") ?? (follow ? FOLLOW_TAIL_DEFAULT : undefined);
  const selection = await select(context);
  if (context.json) {
    const { app, ...chosen } = selection;
    const range = tail === undefined ? { follow } : { follow, tail };
    for await (const bytes of client.appLog(app, { ...chosen, ...range, signal }))
      await context.output.stdout.writeAll(bytes, signal);
    return;
  }
  const labels = { "plinth.dev/app": selection.app };
  const printer = new Printer(context);

  const show = async (name: string, from: number | undefined): Promise<void> => {
    const bytes = client.log(name, { follow, signal, ...(from === undefined ? {} : { tail: from }) });
    try {
      await printer.print(name, bytes);
    } catch (error) {
      // An instance that is removed while its log is read has said all it had to say.
      if (!(error instanceof Fault) || error.code !== "not-found") throw error;
    }
  };

  if (!follow) {
    const { items } = await client.list("Instance", { labels, signal });
    const chosen = items.filter((item) => accepts(selection, item)).map(({ metadata }) => metadata.name);
    printer.expect(chosen);
    for (const name of chosen.sort()) await show(name, tail);
    return;
  }
  await followAll(context, selection, printer, labels, (name, isNew) => show(name, isNew ? undefined : tail));
}

/** Follows every instance that is there or comes; ends with the first failure or the signal. */
async function followAll(
  { client, signal }: Context,
  selection: Selection,
  printer: Printer,
  labels: Readonly<Record<string, string>>,
  show: (name: string, isNew: boolean) => Promise<void>,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const followed = new Set<string>();
  let synced = false;
  const watching = async (): Promise<void> => {
    for await (const event of client.watch("Instance", { labels, signal })) {
      if (event.type === "SYNCED") synced = true;
      else if (event.type === "DELETED") followed.delete(event.object.metadata.name);
      else if (accepts(selection, event.object) && !followed.has(event.object.metadata.name)) {
        const { name } = event.object.metadata;
        followed.add(name);
        printer.expect([name]);
        show(name, synced).catch(failed.reject);
      }
    }
  };
  await Promise.race([watching(), failed.promise]);
}

/** What "[APP/]SERVICE|INSTANCE" means: instances' names have dots, services' have none. */
async function select(context: Context): Promise<Selection> {
  const { client, signal, words } = context;
  const target = context.required("[APP/]SERVICE|INSTANCE");
  const slash = target.indexOf("/");
  const name = slash === -1 ? target : target.slice(slash + 1);
  if (slash === -1 && name.includes(".")) {
    const instance = await client.get("Instance", name, { signal }).catch((error: unknown) => {
      if (!(error instanceof Fault) || error.code !== "not-found") throw error;
      throw new UsageFault(`There is no instance "${name}"`, words, { hint: "`plinth ps` lists them." });
    });
    return { app: instance.spec.app, instance: name };
  }
  const app = await chooseApp(context, slash === -1 ? context.text("app") : target.slice(0, slash));
  const services = Object.keys(app.spec.services);
  if (!services.includes(name)) {
    throw new UsageFault(`${app.metadata.name} has no service "${name}"`, words, {
      hint: `Its services: ${services.join(", ")}.`,
      mistyped: { word: name, among: services },
    });
  }
  return { app: app.metadata.name, service: name };
}

/** Writes whole lines, prefixed where there are several sources; made harmless where a terminal reads them. */
class Printer {
  readonly #context: Context;
  readonly #names = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  expect(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  async print(name: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      const lines: Buffer[] = [];
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
        lines.push(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > LINE_BYTES_MAX) {
        lines.push(rest);
        rest = Buffer.alloc(0);
      }
      await this.#write(name, lines);
    }
    if (rest.length > 0) await this.#write(name, [rest]);
  }

  async #write(name: string, lines: readonly Buffer[]): Promise<void> {
    if (lines.length === 0) return;
    const { output, signal } = this.#context;
    const surface = output.stdout;
    const prefix = this.#prefix(name);
    const text = lines
      .map((bytes) => {
        const line = bytes.toString("utf8");
        return prefix + (surface.isTerminal ? plainText(line) : line);
      })
      .join("\n");
    await surface.writeAll(`${text}\n`, signal);
  }

  #prefix(name: string): string {
    if (this.#names.size < 2) return "";
    const index = [...this.#names].indexOf(name);
    const { stdout } = this.#context.output;
    return `${stdout.paint(COLOURS[index % COLOURS.length]!, `${name} |`)} `;
  }
}
