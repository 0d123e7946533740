import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import type { Case, CaseOptions, Figure, Outcome } from "../case.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";
import { LAYERS, makeLayout } from "./layout.ts";

const WORKER = new URL("./worker.ts", import.meta.url).pathname;
const IMAGE_BYTES = 500e6;
const QUICK_BYTES = 25e6;
const run = promisify(execFile);

/** An image on this machine's disk, unpacked so that it could run. */
export const unpack: Case = {
  name: "unpack",
  does: `An image of ${IMAGE_BYTES / 1e6} MB in ${LAYERS} gzipped layers, in an OCI layout, is unpacked by a new process: Plinth's store (which copies and checks its blobs as well), umoci, and skopeo into podman's storage.`,
  run: measure,
};

interface Contender {
  readonly name: string;
  /** What to run; the last word of a command is a directory of its own. */
  readonly command: (place: string) => readonly string[];
}

interface Turn {
  readonly ms: number;
  /** Until the disk has all of it; only Plinth's store waits for that at all. */
  readonly syncedMs: number | undefined;
}

async function measure({ quick, directory, say }: CaseOptions): Promise<Outcome> {
  const layout = join(directory, "layout");
  const bytes = quick ? QUICK_BYTES : IMAGE_BYTES;
  const files = await makeLayout(layout, join(directory, "making"), bytes);
  say(`${files} files, ${bytes / 1e6} MB`);
  const all: readonly Contender[] = [
    { name: "plinth", command: (place) => [runtimePath("node")!, WORKER, `oci:${layout}`, place] },
    { name: "umoci", command: (place) => ["umoci", "unpack", "--image", `${layout}:app`, place] },
    {
      name: "skopeo",
      command: (place) => [
        "skopeo",
        "--insecure-policy",
        "copy",
        `oci:${layout}:app`,
        `containers-storage:[overlay@${place}+${place}-run]localhost/app:1`,
      ],
    },
  ];
  const contenders = [];
  const missing: string[] = [];
  for (const contender of all) {
    const [program = ""] = contender.command("");
    const isThere = await run("which", [program]).then(
      () => true,
      () => false,
    );
    if (isThere) contenders.push(contender);
    else missing.push(contender.name);
  }
  let sequence = 0;
  const turns = await alternate({
    contenders,
    rounds: quick ? 1 : 5,
    measure: async (contender: Contender): Promise<Turn> => {
      const place = join(directory, `unpacked-${sequence++}`);
      const turn = await timed(contender.command(place));
      // containers-storage leaves its directory mounted upon itself.
      if (contender.name === "skopeo") await run("umount", [join(place, "overlay")]);
      for (const each of [place, `${place}-run`]) rmSync(each, { recursive: true, force: true });
      await run("sync", ["--file-system", directory]); // the next one is not to wait for this one's disk
      return turn;
    },
    say,
    describe: ({ name }, { ms, syncedMs }) =>
      `${name}: ${Math.round(ms)} ms${syncedMs === undefined ? "" : `, on the disk after ${Math.round(syncedMs)} ms`}`,
  });
  const [ours, ...rivals] = contenders;
  const msOf = (contender: Contender): number => medianOf(turns, contender, ({ ms }) => ms);
  const figures = rivals.map((rival): Figure => ({
    name: "500 MB of 5 layers (aim 1.0)",
    unit: "ms",
    ours: msOf(ours!),
    rival: msOf(rival),
    rivalName: rival.name,
    ratioMax: 1.5,
  }));
  return {
    figures,
    raw: { ...(missing.length > 0 && { missing }), turns: rawOf(turns, ({ name }) => name) },
  };
}

/** From the start of a process until it ends, or says that it is done. */
async function timed([program = "", ...parameters]: readonly string[]): Promise<Turn> {
  const startMs = performance.now();
  const { stdout } = await run(program, parameters, { maxBuffer: 2 ** 24 });
  const endMs = performance.now();
  const syncMs = /^synced in (\S+)$/m.exec(stdout)?.[1];
  const ms = endMs - startMs;
  return syncMs === undefined ? { ms, syncedMs: undefined } : { ms: ms - Number(syncMs), syncedMs: ms };
}
