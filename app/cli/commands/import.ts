import { statSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { Fault } from "@plinth/fault";
import type { Context } from "../command.ts";
import { fileFault } from "../file-fault.ts";
import { COMPOSE_NAMES, overrideOf } from "../import/compose-files.ts";
import { translateCompose } from "../import/compose.ts";
import { noteMessage, notePlace } from "../import/note-text.ts";
import type { Note } from "../import/notes.ts";
import { translateProcfile } from "../import/procfile.ts";
import { configText } from "../import/print-config.ts";
import type { ImageBuild, Translated } from "../import/translated.ts";
import { shellWord } from "../shell-word.ts";
import { columns } from "../terminal/columns.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { shownPath } from "../terminal/shown-path.ts";
import { pathText } from "@plinth/resource";

export async function run(context: Context): Promise<void> {
  const { output, json } = context;
  const form = context.words[1] ?? "";
  const file = fileOf(form, context.text("FILE"));
  const target = context.text("output");
  // Paths in a config are relative to where it stands.
  const directory = target === undefined ? dirname(file) : dirname(resolve(target));
  const translated =
    form === "procfile"
      ? translateProcfile(file, { directory, environment: process.env })
      : translateCompose(file, {
          directory,
          override: overrideOf(file),
          environment: process.env,
          builtImage: (_, service) => `oci:${layoutOf(service)}`,
        });
  const { config, notes } = translated;
  if (target !== undefined) write(target, textOf(file, directory, translated), context.is("force"));
  if (json) output.json({ config, notes });
  else if (target === undefined) output.stdout.write(textOf(file, directory, translated));
  else
    output.result(
      `${shownPath(resolve(target))} runs ${config.name} with ${counted(Object.keys(config.services).length, "service")}`,
    );
  if (json) return;
  for (const line of noteLines(notes, context)) output.note(line);
}

/** Where the image of a service that is built is looked for, from where the config stands. */
const layoutOf = (service: string): string => `./images/${service}`;

function fileOf(form: string, named: string | undefined): string {
  const path = resolve(named ?? ".");
  const stats = statSync(path, { throwIfNoEntry: false });
  const names = form === "procfile" ? ["Procfile"] : COMPOSE_NAMES;
  if (stats === undefined)
    throw new Fault("not-found", `Cannot find ${JSON.stringify(named ?? ".")}: no such file`);
  if (!stats.isDirectory()) return path;
  const found = names
    .map((name) => join(path, name))
    .find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  throw new Fault("not-found", `Cannot find what to import in "${path}": there is no ${names.join(", ")}`, {
    hint: `Name the file: plinth import ${form} FILE`,
  });
}

function textOf(file: string, directory: string, translated: Translated): string {
  const { config, notes, builds, serviceOf } = translated;
  const before = new Map(
    builds.map((build) => [build.service, buildCommands(build, config.name, directory)]),
  );
  return configText(config, { from: file, notes, before, serviceOf });
}

/** What makes the image of a service, from where the config stands. */
function buildCommands(build: ImageBuild, app: string, directory: string): readonly string[] {
  const { service, context, dockerfile, inline, args, target, contexts } = build;
  const name = `localhost/plinth/${app}/${service}`;
  const isFolder = isAbsolute(context);
  const from = isFolder ? `./${relative(directory, context)}` : context;
  const file = inline === undefined ? dockerfile : "DOCKERFILE";
  const words = [
    ...(file === undefined ? [] : ["--file", isFolder && inline === undefined ? join(from, file) : file]),
    ...Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
    ...Object.entries(contexts).flatMap(([key, value]) => ["--build-context", `${key}=${value}`]),
    ...(target === undefined ? [] : ["--target", target]),
  ];
  return [
    ...(inline === undefined ? [] : ["# DOCKERFILE: a file of what `dockerfile_inline` says"]),
    shellLine(["buildah", "build", ...words, "--tag", name, from]),
    shellLine(["buildah", "push", name, `oci:${layoutOf(service)}:latest`]),
  ];
}

/** As it can be copied into a shell. */
const shellLine = (words: readonly string[]): string => words.map(shellWord).join(" ");

function write(target: string, text: string, force: boolean): void {
  try {
    writeFileSync(target, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new Fault("conflict", `Cannot write "${target}": it is there already`, {
        hint: "--force writes over it.",
      });
    throw fileFault(error, `Cannot write "${target}"`);
  }
}

function noteLines(notes: readonly Note[], { output }: Context): string[] {
  const told = notes.filter(({ kind }) => kind !== "remark");
  if (told.length === 0) return [];
  const refused = told.filter(({ kind }) => kind === "refused").length;
  const table = columns(
    told,
    [
      { title: "PLACE", text: (note) => plainLine(notePlace(note)) },
      {
        title: "",
        text: ({ kind }) => kind,
        colour: ({ kind }) => (kind === "refused" ? "red" : "yellow"),
      },
      { title: "KEY", text: ({ path }) => plainLine(pathText(path)) },
      { title: "NOTE", text: (note) => plainLine(noteMessage(note)) },
    ],
    output.stderr,
  );
  return ["", ...table, "", `${counted(refused, "key")} refused, ${told.length - refused} ignored`];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
