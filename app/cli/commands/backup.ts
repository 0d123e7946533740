import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isoTime } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { createBackup } from "../backup/create-backup.ts";
import { type Manifest, names, storeOf } from "../backup/manifest.ts";
import { verifyBackup } from "../backup/restore-backup.ts";
import type { Context } from "../command.ts";
import { fileFault } from "../file-fault.ts";
import { faultOf } from "../kv/kv-store.ts";
import { showBytes } from "../terminal/byte-progress.ts";
import { sizeText } from "../terminal/quantities.ts";

export async function run(context: Context): Promise<void> {
  return context.words[1] === "verify" ? verify(context) : create(context);
}

async function create(context: Context): Promise<void> {
  const { output, json } = context;
  const file = fileNamed(context, context.required("FILE|DIR"));
  const without = context.text("without")?.split(",") ?? [];
  const { manifest, bytes, inPlace, images, volumes } = await (async () => {
    using progress = showBytes(context, file);
    let done = "";
    return createBackup(context, {
      file,
      without,
      onProgress: (part, partBytes) => {
        progress.update(partBytes, part);
        if (part !== done && !output.stderr.isAnimated) output.note(`  ${part}`);
        done = part;
      },
    }).catch((error: unknown) => {
      throw fileFault(faultOf(error), `Cannot write the backup "${file}"`);
    });
  })();
  if (inPlace.length > 0) {
    output.warn(`Files of ${inPlace.join(", ")} are not in it: they run where their project lies.`);
  }
  if (images.length > 0) {
    output.warn(
      `Images of ${images.join(", ")} are not in it: \`plinth image export\` saves them, \`plinth up\` brings them again.`,
    );
  }
  if (volumes.length > 0) {
    output.warn(
      `Volumes ${volumes.join(", ")} are not in it: files that are written to meanwhile cannot be copied whole.`,
    );
  }
  if (json) return output.json({ file, bytes, inPlace, images, volumes, ...summary(manifest) });
  output.result(`${file} (${sizeText(bytes)})`);
  output.note("It holds the keys to every secret: keep it where only its owner can read it.");
}

/** In a directory, under a name that says when. */
function fileNamed({ clock }: Context, path: string): string {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const stamp = isoTime(clock.now())
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
  const file = isDirectory ? join(path, `plinth-${stamp}.tar`) : path;
  if (existsSync(file)) {
    throw new Fault("conflict", `Cannot write the backup "${file}": it is there already`, {
      hint: "Choose another name, or name a directory.",
    });
  }
  return file;
}

async function verify(context: Context): Promise<void> {
  const { output, json, signal } = context;
  const file = context.required("FILE");
  const manifest = await (async () => {
    using progress = showBytes(context, `reading ${file}`);
    return verifyBackup(file, { signal, onProgress: progress.update }).catch((error: unknown) => {
      throw fileFault(error, `Cannot read "${file}"`);
    });
  })();
  if (json) return output.json({ file, ...summary(manifest) });
  const { createdAt, home, parts, stores, without } = summary(manifest);
  output.result(`whole     ${parts} parts`);
  output.result(`made      ${createdAt}, of ${home}`);
  output.result(`stores    ${stores.map(({ app, store }) => `${app}/${store}`).join(", ") || "none"}`);
  if (without.length > 0) output.warn(`It was made without ${without.join(", ")}.`);
}

/** What a program is told of a backup. */
export function summary({ version, createdAt, home, without, parts }: Manifest): {
  readonly version: string;
  readonly createdAt: string;
  readonly home: string;
  readonly without: readonly string[];
  readonly parts: number;
  readonly stateBytes: number;
  readonly stores: readonly { readonly app: string; readonly store: string; readonly bytes: number }[];
} {
  const stores = parts.flatMap((part) => {
    const of = storeOf(part);
    return of === undefined ? [] : [{ ...of, bytes: part.bytes }];
  });
  const stateBytes = parts.find(({ name }) => name === names.state)?.bytes ?? 0;
  return { version, createdAt, home, without, parts: parts.length, stateBytes, stores };
}
