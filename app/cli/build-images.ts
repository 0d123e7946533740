import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { homePaths } from "@plinth/daemon";
import { Fault, messageOf } from "@plinth/fault";
import type { Context } from "./command.ts";
import type { ImageBuild } from "./import/translated.ts";
import { onPath } from "./on-path.ts";
import { plainLine } from "./terminal/plain-text.ts";

/** In the order in which they are looked for; both take the same words. */
const BUILDERS: readonly string[] = ["buildah", "podman"];
/** Of what a build that failed has said: enough for the step and its complaint. */
const LINES_SHOWN = 15;
/** What tells a builder how to work: an argument of such a name is no variable of its own. */
const OF_BUILDERS = /^(BUILDAH|CONTAINERS?|STORAGE|REGISTR(Y|IES)|XDG|DBUS|LD|_)|^(HOME|PATH|TMPDIR)$/;

/** Where the image of a service is built: an OCI layout, named as `image` is. */
export function builtImage(home: string, app: string, service: string): string {
  return `oci:${layoutOf(home, app, service)}`;
}

const layoutOf = (home: string, app: string, service: string): string =>
  join(homePaths(home).builds, app, service);

export interface BuildOptions {
  readonly app: string;
  /** False: only what was never built, as for a plan. */
  readonly again: boolean;
}

/** Builds images of Dockerfiles with the builder that is installed, each into a layout in the home. */
export async function buildImages(
  builds: readonly ImageBuild[],
  context: Pick<Context, "home" | "signal" | "output" | "json">,
  { app, again }: BuildOptions,
): Promise<void> {
  const wanted = builds.filter(({ service }) => again || !existsSync(layoutOf(context.home, app, service)));
  const [first] = wanted;
  if (first === undefined) return;
  const builder = BUILDERS.find(onPath);
  if (builder === undefined) {
    throw new Fault(
      "unsupported",
      `Cannot build the image of ${first.service}: no ${BUILDERS.join(" and no ")} is installed`,
      {
        hint: "Install one (Debian: apt-get install buildah), or build the image elsewhere and say `image` alone.",
      },
    );
  }
  for (const build of wanted) await buildImage(build, builder, app, context);
}

interface Making {
  readonly builder: string;
  readonly app: string;
  /** For files of this build's own. */
  readonly work: string;
  /** The layout to be. */
  readonly made: string;
}

async function buildImage(
  build: ImageBuild,
  builder: string,
  app: string,
  context: Pick<Context, "home" | "signal" | "output" | "json">,
): Promise<void> {
  const layout = layoutOf(context.home, app, build.service);
  mkdirSync(dirname(layout), { recursive: true, mode: 0o700 });
  // Beside the one before, which stays until this one is whole.
  const work = mkdtempSync(join(dirname(layout), `.${build.service}-`));
  const made = join(work, "layout");
  try {
    await make(build, { builder, app, work, made }, context);
    rmSync(layout, { recursive: true, force: true });
    renameSync(made, layout);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Builds into the builder's own store, where the layers of the next build are found, and from there into a layout. */
async function make(
  build: ImageBuild,
  { builder, app, work, made }: Making,
  context: Pick<Context, "signal" | "output" | "json">,
): Promise<void> {
  const idFile = join(work, "id");
  const { words, env } = commandLine(build, work);
  const name = `localhost/plinth/${app}/${build.service}:latest`;
  // buildah 1.28 takes a layer for the same whose ENV has another argument's value.
  const cache = Object.keys(build.args).length === 0 ? "--layers" : "--no-cache";
  // What a build that fails has begun is of no use to anybody: --force-rm.
  const how = [cache, "--force-rm", "--iidfile", idFile, "--tag", name];
  await run([builder, "build", ...how, ...words], env, build, context);
  const id = readFileSync(idFile, "utf8").trim();
  await run([builder, "push", "--quiet", id, `oci:${made}:latest`], process.env, build, context);
}

async function run(
  [program, ...words]: readonly [program: string, ...words: string[]],
  env: NodeJS.ProcessEnv,
  { service }: ImageBuild,
  { signal, output, json }: Pick<Context, "signal" | "output" | "json">,
): Promise<void> {
  const failed = (why: string, cause?: unknown): Fault =>
    new Fault("invalid", `Cannot build the image of ${service}: ${why}`, { cause });
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env, signal });
  const last: string[] = [];
  const tell = (line: string): void => {
    const text = plainLine(line);
    if (text === "") return;
    last.push(text);
    if (last.length > LINES_SHOWN) last.shift();
    if (json) output.event({ type: "image", service, message: text });
    else output.note(`  ${service}  ${text}`);
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", tell);
  let code: unknown;
  try {
    [code] = await once(child, "close");
  } catch (error) {
    signal.throwIfAborted(); // with its own reason
    throw failed(`${program} cannot be run: ${messageOf(error)}`, error);
  }
  signal.throwIfAborted();
  if (code === 0) return;
  throw failed([`${program} ended with ${String(code)}`, ...last.map((line) => `  ${line}`)].join("\n"));
}

/** Its words, and the variables that its arguments are handed over in: others see a process's words. */
function commandLine(build: ImageBuild, work: string): { words: string[]; env: NodeJS.ProcessEnv } {
  const { context, target, args, contexts } = build;
  const env: NodeJS.ProcessEnv = { ...process.env };
  const words: string[] = [];
  const file = dockerfile(build, work);
  if (file !== undefined) words.push("--file", file);
  if (target !== undefined) words.push("--target", target);
  for (const [name, value] of Object.entries(args)) {
    const isFree = env[name] === undefined && /^\w+$/.test(name) && !OF_BUILDERS.test(name);
    if (isFree) env[name] = value;
    words.push("--build-arg", env[name] === value ? name : `${name}=${value}`);
  }
  for (const [name, from] of Object.entries(contexts)) words.push("--build-context", `${name}=${from}`);
  words.push(context);
  return { words, env };
}

/** Where the Dockerfile is, unless it is the context's own; one of no file becomes one. */
function dockerfile({ context, inline, dockerfile: name }: ImageBuild, work: string): string | undefined {
  if (inline !== undefined) {
    const file = join(work, "Dockerfile");
    writeFileSync(file, inline);
    return file;
  }
  return name !== undefined && isAbsolute(context) ? resolve(context, name) : name;
}
