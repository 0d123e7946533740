import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Fault } from "@plinth/fault";
import {
  type Digest,
  type ImageStore,
  openImageStore,
  parsePlatform,
  parseReference,
  platformText,
  referenceText,
  type RegistryOptions,
  type StoredImage,
  usualCredentialFiles,
} from "@plinth/run";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { fileFault } from "../file-fault.ts";
import { showPull } from "../image-progress.ts";
import { columns } from "../terminal/columns.ts";
import { ageText, sizeText } from "../terminal/quantities.ts";

const SHORT_DIGITS = 12;

export async function run(context: Context): Promise<void> {
  const verbs: Readonly<Record<string, (context: Context, store: ImageStore) => Promise<void>>> = {
    pull,
    ls,
    inspect,
    rm: remove,
    import: importImages,
    export: exportImage,
    build,
    gc,
  };
  const { home, clock } = context;
  const directory = join(home, "images");
  await using store = await openImageStore(directory, { clock, registry: registryOptions(context) });
  await verbs[context.words[1]!]!(context, store);
}

async function pull(context: Context, store: ImageStore): Promise<void> {
  const { output, json, signal } = context;
  const named = context.required("REFERENCE");
  const reference = parseReference(named, process.cwd());
  if (reference.kind === "registry" && reference.shortName !== undefined) {
    output.note(`${named} is ${referenceText(reference)}`);
  }
  const image = await (async () => {
    using progress = showPull(context);
    return await store.pull(reference, { ...given(context), signal, onProgress: progress.update });
  })();
  if (json) return output.json(described(image));
  const { digest, bytes, layers, notices } = image;
  output.result(`${context.text("name") ?? referenceText(reference)} is here: ${digest}`);
  output.note(`${layers.length} layers, ${sizeText(bytes)}`);
  for (const notice of notices) output.note(notice);
}

async function ls({ output, json, clock }: Context, store: ImageStore): Promise<void> {
  const images = await store.list();
  if (json) return output.json(images.map(described));
  if (images.length === 0) return output.note("No images. `plinth image pull NAME` brings one.");
  const now = clock.now();
  const rows = images.flatMap((image) =>
    (image.names.length === 0 ? [undefined] : image.names).map((name) => ({ image, name })),
  );
  const lines = columns(
    rows,
    [
      { title: "NAME", text: ({ name }) => name?.name ?? "-" },
      { title: "DIGEST", text: ({ image }) => short(image.digest) },
      { title: "SIZE", text: ({ image }) => sizeText(image.bytes), right: true },
      { title: "LAYERS", text: ({ image }) => String(image.layers.length), right: true, minor: 2 },
      { title: "AGE", text: ({ name }) => ageText(name?.at, now), right: true, minor: 1 },
      { title: "KEPT", text: ({ name }) => (name?.isPinned === true ? "by name" : "while used"), minor: 1 },
    ],
    output.stdout,
  );
  for (const line of lines) output.result(line);
}

async function inspect(context: Context, store: ImageStore): Promise<void> {
  const { output, json } = context;
  const image = await known(store, context.required("IMAGE"));
  if (json) return output.json(described(image));
  const { config } = image;
  const facts: readonly (readonly [string, string])[] = [
    ["digest", image.digest],
    ["names", image.names.map(({ name }) => name).join(", ")],
    ["platform", platformText(config.platform)],
    ["created", config.created ?? ""],
    ["entrypoint", words(config.entrypoint)],
    ["command", words(config.command)],
    ["user", config.user],
    ["directory", config.workingDirectory],
    ["ports", config.exposedPorts.map(({ port, protocol }) => `${port}/${protocol}`).join(", ")],
    ["volumes", config.volumes.join(", ")],
    ["stop signal", config.stopSignal ?? ""],
    ["health", words(config.healthcheck?.command ?? [])],
    ["variables", Object.keys(config.env).join(", ")],
    ["size", sizeText(image.bytes)],
    ...image.layers.map(({ digest, bytes }) => ["layer", `${short(digest)}  ${sizeText(bytes)}`] as const),
  ];
  const widest = Math.max(...facts.map(([title]) => title.length));
  for (const [title, text] of facts) if (text !== "") output.result(`${title.padEnd(widest)}  ${text}`);
}

async function remove(context: Context, store: ImageStore): Promise<void> {
  const { output, json } = context;
  const names = context.many("IMAGE");
  for (const name of names) {
    const digest = await digestOf(store, name);
    if (!(await store.remove(digest ?? name))) throw missing(name);
    if (!json) output.result(`${name} is removed`);
  }
  if (json) output.json(names.map((name) => ({ name, removed: true })));
  else output.note("`plinth image gc` makes room of what nothing refers to.");
}

async function importImages(context: Context, store: ImageStore): Promise<void> {
  const { output, json, signal } = context;
  const file = context.required("FILE");
  const stream = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  const images = await (async () => {
    using progress = showPull(context);
    return await store.import(stream, { ...given(context), signal, onProgress: progress.update });
  })().catch((error: unknown) => {
    throw fileFault(error, `Cannot import "${file}"`);
  });
  if (json) return output.json(images.map(described));
  for (const { digest, names } of images) {
    for (const { name } of names) output.result(name === digest ? digest : `${name} is here: ${digest}`);
  }
}

async function exportImage(context: Context, store: ImageStore): Promise<void> {
  const { output, json, signal } = context;
  const file = context.required("FILE");
  const image = await known(store, context.required("IMAGE"));
  const stream = store.export(image.digest, { signal });
  if (file === "-") {
    if (output.stdout.isTerminal)
      throw new UsageFault("Cannot write an archive to a terminal: name a file", context.words);
    for await (const chunk of stream) await output.stdout.writeAll(chunk, signal);
    return;
  }
  let isOurs = false;
  const target = createWriteStream(file, { flags: "wx", mode: 0o600 });
  target.once("open", () => (isOurs = true));
  try {
    await pipeline(stream, target, { signal });
  } catch (error) {
    if (isOurs) await rm(file, { force: true }); // half an archive is none
    throw fileFault(error, `Cannot export to "${file}"`);
  }
  if (json) output.json({ file, digest: image.digest, bytes: target.bytesWritten });
  else output.result(`${file} (${sizeText(target.bytesWritten)})`);
}

async function build(context: Context, store: ImageStore): Promise<void> {
  const { output, json, signal } = context;
  const name = context.required("NAME");
  const command = context.many("COMMAND");
  const base = context.text("base");
  const user = context.text("user");
  const workingDirectory = context.text("workdir");
  const spec = {
    ...(base !== undefined && { base }),
    copy: pairs(context, "copy"),
    env: pairs(context, "env"),
    ...(command.length > 0 && { command }),
    ...(user !== undefined && { user }),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ports: listed(context.text("expose")),
  };
  const image = await (async () => {
    using progress = showPull(context);
    const directory = process.cwd();
    return await store.build(spec, { directory, name, signal, onProgress: progress.update });
  })();
  if (json) output.json(described(image));
  else output.result(`${name} is built: ${image.digest}`);
}

async function gc(context: Context, store: ImageStore): Promise<void> {
  const { output, json, signal } = context;
  const dryRun = context.is("dry-run");
  const collected = await store.collect({ dryRun, signal });
  if (json) return output.json(collected);
  for (const { digest, names } of collected.images) output.result(`${names.join(", ")} (${short(digest)})`);
  const { blobs, layers, blobBytes, layerBytes } = collected;
  const what = `${sizeText(blobBytes + layerBytes)} in ${blobs} blobs and ${layers} unpacked layers`;
  output.result(dryRun ? `would remove ${what}` : `removed ${what}`);
}

function registryOptions(context: Context): RegistryOptions {
  const caFile = context.text("cacert");
  const mirrors = listed(context.text("mirror"));
  const named = context.text("REFERENCE");
  const reference = named === undefined ? undefined : parseReference(named, process.cwd());
  const registry = reference?.kind === "registry" ? reference.registry : undefined;
  return {
    credentialFiles: [join(context.home, "registry-auth.json"), ...usualCredentialFiles(process.env)],
    ...(caFile !== undefined && { caFile }),
    ...(registry !== undefined && { mirrors: { [registry]: mirrors } }),
    ...(registry !== undefined && context.is("plain-http") && { plainHttp: [registry] }),
  };
}

function given(context: Context): { platform?: ReturnType<typeof parsePlatform>; name?: string } {
  const [platform, name] = [context.text("platform"), context.text("name")];
  return {
    ...(platform !== undefined && { platform: parsePlatform(platform) }),
    ...(name !== undefined && { name }),
  };
}

async function known(store: ImageStore, name: string): Promise<StoredImage> {
  const image = await store.image((await digestOf(store, name)) ?? name);
  if (image === undefined) throw missing(name);
  return image;
}

/** The digest that some first digits stand for, as `ls` shows them. */
async function digestOf(store: ImageStore, name: string): Promise<Digest | undefined> {
  if (!/^[0-9a-f]{4,}$/.test(name)) return undefined;
  const fits = (await store.list()).filter(({ digest }) => digest.startsWith(`sha256:${name}`));
  if (fits.length <= 1) return fits[0]?.digest;
  throw new Fault("invalid", `Cannot tell which image ${name} is: ${fits.length} digests begin so`);
}

function missing(name: string): Fault {
  return new Fault("not-found", `Cannot find image ${JSON.stringify(name)} in this home`, {
    hint: "`plinth image ls` lists what is here, `plinth image pull` brings more.",
  });
}

function described(image: StoredImage): object {
  const { digest, indexDigest, names, config, configDigest, layers, bytes, notices } = image;
  return { digest, indexDigest: indexDigest ?? null, names, bytes, configDigest, config, layers, notices };
}

function words(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

function listed(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(",").filter((each) => each !== "");
}

function pairs(context: Context, flag: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listed(context.text(flag)).map((each) => {
      const equals = each.indexOf("=");
      if (equals < 1)
        throw new UsageFault(`Cannot use ${JSON.stringify(each)} for --${flag}: expected A=B`, context.words);
      return [each.slice(0, equals), each.slice(equals + 1)];
    }),
  );
}

function short(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, SHORT_DIGITS);
}
