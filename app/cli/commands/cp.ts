import { basename, resolve } from "node:path";
import { Fault } from "@plinth/fault";
import { readTree, writeTree } from "@plinth/run";
import type { ExecEvent, SessionInput } from "@plinth/client";
import type { Context } from "../command.ts";

interface Remote {
  readonly instance: string;
  readonly path: string;
}

export async function run(context: Context): Promise<void> {
  const [from, to] = [context.required("FROM"), context.required("TO")];
  const [source, target] = [remoteOf(from), remoteOf(to)];
  if ((source === undefined) === (target === undefined)) {
    throw new Fault(
      "invalid",
      `Cannot copy "${from}" to "${to}": exactly one of them must be of an instance`,
      {
        hint: "Such as shop.web.k3x9:/data; a local path with a colon begins with ./",
      },
    );
  }
  const written =
    source === undefined ? await upload(context, from, target!) : await download(context, source, to);
  if (context.json) context.output.event({ type: "result", ok: true, ...written });
}

/** "INSTANCE:/path"; undefined for a path of this machine. */
function remoteOf(text: string): Remote | undefined {
  const [, instance, path] = /^([a-z0-9.-]+):(.*)$/s.exec(text) ?? [];
  if (instance === undefined || path === undefined || /^\.{0,2}$/.test(instance)) return undefined;
  if (!path.startsWith("/")) {
    throw new Fault("invalid", `Cannot use "${text}": the path in an instance begins with "/"`);
  }
  return { instance, path };
}

async function download(
  { client, output, signal }: Context,
  { instance, path }: Remote,
  to: string,
): Promise<{ files: number; bytes: number }> {
  const events = client.attach(instance, { read: path }, nothing(), { signal });
  const data = async function* (): AsyncGenerator<Buffer> {
    for await (const event of events) {
      if ("exitCode" in event) return;
      if (event.stream === "stdout") yield event.data;
      else output.warn(event.data.toString("utf8").trim());
    }
    throw new Fault("unavailable", "The copy broke off");
  };
  return writeTree("/", localPath(to), data());
}

async function upload(
  { client, signal }: Context,
  from: string,
  { instance, path }: Remote,
): Promise<object> {
  const local = localPath(from).replace(/(.)\/+$/, "$1");
  const input = async function* (): AsyncGenerator<SessionInput> {
    for await (const data of readTree("/", local, { signal, name: basename(local) || "root" }))
      yield { data };
  };
  await ended(client.attach(instance, { write: path }, input(), { signal }));
  return {};
}

async function ended(events: AsyncIterable<ExecEvent>): Promise<void> {
  for await (const event of events) if ("exitCode" in event) return;
  throw new Fault("unavailable", "The copy broke off");
}

/** A slash at the end says that it is a folder. */
const localPath = (path: string): string =>
  resolve(path) + (path.endsWith("/") || /(^|\/)\.{1,2}$/.test(path) ? "/" : "");

async function* nothing(): AsyncGenerator<SessionInput> {}
