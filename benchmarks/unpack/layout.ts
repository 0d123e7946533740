import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { seededRandom, systemClock as clock } from "@plinth/clock";
import { openImageStore } from "@plinth/run";

export const LAYERS = 5;
/** As in a Linux distribution: most files are small, most bytes are in large ones. */
const FILE_BYTES = [
  300, 1000, 2000, 2000, 4000, 4000, 8000, 8000, 16_000, 16_000, 30_000, 60_000, 120_000, 500_000,
];
const FILES_PER_DIRECTORY = 40;
/** How often a word comes again decides how well it compresses: about to a half. */
const WORDS = 4096;
const WORD_BYTES = 5;

/** Makes an OCI layout with the image "app"; the same bytes each time. Gives the number of files in it. */
export async function makeLayout(layout: string, scratch: string, bytes: number): Promise<number> {
  const random = seededRandom(1);
  const words = Array.from({ length: WORDS }, () =>
    Buffer.from(Array.from({ length: WORD_BYTES }, () => random() * 256)),
  );
  const content = (size: number): Buffer => {
    const parts: Buffer[] = [];
    for (let at = 0; at < size; at += WORD_BYTES) parts.push(words[Math.floor(random() * WORDS)]!);
    return Buffer.concat(parts, size);
  };
  // Pieces of a few MB that files are cut from: making each byte anew would take minutes.
  const pool = content(4 << 20);
  let files = 0;
  {
    await using store = await openImageStore(join(scratch, "store"), { clock });
    let base: string | undefined;
    for (let layer = 0; layer < LAYERS; layer++) {
      const root = join(scratch, "files");
      for (let written = 0; written < bytes / LAYERS;) {
        const directory = join(root, `d${Math.floor(files / FILES_PER_DIRECTORY)}`);
        mkdirSync(directory, { recursive: true });
        const size = FILE_BYTES[Math.floor(random() * FILE_BYTES.length)]!;
        const at = Math.floor(random() * (pool.length - size));
        writeFileSync(join(directory, `f${files++}`), pool.subarray(at, at + size));
        written += size;
      }
      const name = `layer-${layer}`;
      const options = { directory: scratch, name: layer === LAYERS - 1 ? "app" : name };
      const { digest } = await store.build(
        { ...(base !== undefined && { base }), copy: { files: `/opt/${name}` } },
        options,
      );
      base = digest;
      rmSync(root, { recursive: true });
    }
    const archive = join(scratch, "app.tar");
    await pipeline(
      store.export((await store.image("app"))!.digest, { name: "app" }),
      createWriteStream(archive),
    );
    mkdirSync(layout);
    execFileSync("tar", ["--extract", "--file", archive, "--directory", layout]);
  }
  rmSync(scratch, { recursive: true });
  return files;
}
