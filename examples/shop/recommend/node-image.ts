/**
 * An OCI image without a registry: this machine's own Node and the libraries it has loaded, in one layer. What is
 * written is a layout as `skopeo` and `podman` know it; the service's file comes on top when the shop is deployed.
 * `node recommend/node-image.ts` makes it; the same Node gives the same bytes.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";

/** Beside the project, whose files each release keeps a copy of. */
export const nodeImage: string =
  process.env["SHOP_NODE_IMAGE"] ?? join(import.meta.dirname, "../../../.cache/shop-node");

/** In the layout: what it was made of. */
const MADE_OF = "made-of.json";
/** Its binary is 150 MB: level 1 takes a second, and the best level a minute for a third less. */
const COMPRESSION_LEVEL = 1;

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Where each file is here, by where it is to be there. */
function contents(): Map<string, string> {
  const { sharedObjects } = process.report.getReport() as { sharedObjects: readonly string[] };
  const libraries = sharedObjects.filter((path) => path.startsWith("/")); // the kernel's own has no file
  return new Map([["/usr/bin/node", process.execPath], ...libraries.map((path) => [path, path] as const)]);
}

function madeOf(files: ReadonlyMap<string, string>): string {
  const stated = [...files].map(([there, here]) => {
    const { size, mtimeMs } = statSync(here);
    return [there, realpathSync(here), size, mtimeMs];
  });
  return JSON.stringify([process.version, process.arch, ...stated]);
}

/** Whether the image is there as it would be made now. */
export function isMade(): boolean {
  try {
    return readFileSync(join(nodeImage, MADE_OF), "utf8") === madeOf(contents());
  } catch {
    return false;
  }
}

/** Makes the image in place of the one that is there. */
export async function makeNodeImage(): Promise<void> {
  mkdirSync(dirname(nodeImage), { recursive: true });
  const work = mkdtempSync(`${nodeImage}-`);
  try {
    const layout = join(work, "layout");
    await writeLayout(layout, join(work, "root"));
    rmSync(nodeImage, { recursive: true, force: true });
    renameSync(layout, nodeImage);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function writeLayout(layout: string, root: string): Promise<void> {
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const keep = (mediaType: string, value: unknown): Blob => {
    const content = JSON.stringify(value);
    const hash = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hash), content);
    return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(content) };
  };
  const files = contents();
  // Links to what is here: tar follows them, and nothing is copied but into the layer.
  for (const [there, here] of files) {
    mkdirSync(dirname(join(root, there)), { recursive: true });
    symlinkSync(here, join(root, there));
  }
  const { diffId, ...layer } = await writeLayer(root, blobs);
  const platform = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch };
  const config = keep("application/vnd.oci.image.config.v1+json", {
    ...platform,
    config: { Env: ["PATH=/usr/bin"], WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = keep(mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(layout, MADE_OF), madeOf(files));
}

/** The folder `root` as a layer: sorted, root's, of no time, so that the same files give the same bytes. */
async function writeLayer(root: string, blobs: string): Promise<Blob & { readonly diffId: string }> {
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=a+rX,go-w"];
  const words = ["--create", "--dereference", "--hard-dereference", "--format=ustar", ...same];
  const tar = spawn("tar", [...words, "--directory", root, "."], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = (once(tar, "close") as Promise<[number | null]>).catch((cause: unknown) => {
    throw new Error("there is no tar here; on Debian: apt-get install tar", { cause });
  });
  const [plain, compressed] = [createHash("sha256"), createHash("sha256")];
  let size = 0;
  const packed = new PassThrough().on("data", (chunk: Buffer) => {
    compressed.update(chunk);
    size += chunk.length;
  });
  tar.stdout.on("data", (chunk: Buffer) => plain.update(chunk));
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL } });
  const file = join(blobs, "layer");
  const [[code]] = await Promise.all([ended, pipeline(tar.stdout, zstd, packed, createWriteStream(file))]);
  if (code !== 0) throw new Error(`Cannot make a layer: tar ended with ${code}`);
  const digest = compressed.digest("hex");
  renameSync(file, join(blobs, digest));
  return {
    mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
    digest: `sha256:${digest}`,
    size,
    diffId: `sha256:${plain.digest("hex")}`,
  };
}

if (import.meta.main && !isMade()) await makeNodeImage();
