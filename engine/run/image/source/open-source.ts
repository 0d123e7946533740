import { stat } from "node:fs/promises";
import { Fault } from "@plinth/fault";
import type { FileReference } from "../reference.ts";
import { type ArchiveFiles, openArchive } from "./archive-files.ts";
import { dockerArchiveSource, dockerNames, isDockerArchive } from "./docker-archive.ts";
import { directoryFiles, layoutNames, layoutSource } from "./layout.ts";
import type { ImageSource } from "./source.ts";

/** Opens a layout or an archive. `spool` is where a compressed archive is decompressed to. */
export async function openFileSource(reference: FileReference, spool: string): Promise<ImageSource> {
  const { kind, path, name } = reference;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new Fault("not-found", `Cannot open ${kind}:${path}: there is no such file or directory`);
  }
  if (kind === "oci") {
    if (found.isDirectory()) return layoutSource(directoryFiles(path), name);
    throw new Fault("invalid", `Cannot open oci:${path}: it is a file, not a layout directory`, {
      hint: `Name it archive:${path}.`,
    });
  }
  if (found.isDirectory()) {
    throw new Fault("invalid", `Cannot open ${kind}:${path}: it is a directory, not an archive`, {
      hint: `Name it oci:${path}.`,
    });
  }
  await using setup = new AsyncDisposableStack();
  const files = setup.use(await openArchive(path, spool));
  const source = sourceIn(files, kind, name);
  setup.move();
  return source;
}

/** Every image of an archive, by the name that chooses it. */
export async function archiveNames(files: ArchiveFiles): Promise<readonly string[]> {
  return isLayout(files) ? await layoutNames(files) : await dockerNames(files);
}

/** Docker itself writes archives that are both: the layout says more. */
export function sourceIn(
  files: ArchiveFiles,
  kind: Exclude<FileReference["kind"], "oci">,
  name: string | undefined,
): ImageSource {
  const isDocker = isDockerArchive(files);
  if (kind !== "docker-archive" && isLayout(files)) return layoutSource(files, name);
  if (kind !== "oci-archive" && isDocker) return dockerArchiveSource(files, name);
  const expected =
    kind === "oci-archive"
      ? "index.json"
      : kind === "docker-archive"
        ? "manifest.json"
        : "index.json or manifest.json";
  throw new Fault(
    "invalid",
    `Cannot use ${files.name}: it is no archive of an image, it has no ${expected}`,
    {
      hint: "Archives are made by `docker save`, `podman save`, `skopeo copy` and `plinth image export`.",
    },
  );
}

function isLayout(files: ArchiveFiles): boolean {
  return files.bytesOf("oci-layout") !== undefined && files.bytesOf("index.json") !== undefined;
}
