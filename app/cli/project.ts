import { mkdirSync } from "node:fs";
import { createHome, homePaths } from "@plinth/daemon";
import type { AppSpec } from "@plinth/resource";
import type { Context } from "./command.ts";
import { loadConfig } from "./config/load-config.ts";
import { bringImages } from "./images.ts";
import { noteText } from "./import/note-text.ts";
import { keepSource } from "./source/keep-source.ts";

export interface Project {
  readonly name: string;
  readonly spec: AppSpec;
  readonly file: string;
  /** What is not kept with the release. */
  readonly notes: readonly string[];
}

/** Reads the config a command names and keeps (or, for a plan, only fingerprints) the files beside it and its images. */
export async function loadProject(context: Context, copy: boolean): Promise<Project> {
  const { clock, signal, home, output } = context;
  const config = await loadConfig(context.text("DIR|FILE") ?? ".", {
    clock,
    home,
    signal,
    print: (text) => output.stderr.write(text),
  });
  const { name, spec, file, ignored, builds, folders, portless, unchecked } = config;
  if (copy) {
    await createHome(homePaths(home));
    for (const folder of folders) mkdirSync(folder, { recursive: true });
  }
  const kept = await keepSource(spec, { clock, home, file, copy });
  if (builds.length > 0) {
    const { buildImages } = await import("./build-images.ts");
    await buildImages(builds, context, { app: name, again: copy });
  }
  const brought = await bringImages(kept.spec, context, { app: name, file, pull: copy, portless, unchecked });
  return {
    name,
    spec: brought.spec,
    file,
    notes: [...ignored.map(noteText), ...kept.notes, ...brought.notes],
  };
}
