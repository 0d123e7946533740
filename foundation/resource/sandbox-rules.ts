import { posix } from "node:path";
import { definitions } from "./definitions.ts";
import { isRecord } from "./explain.ts";
import { type Problem, quoted } from "./problem.ts";
import { nearestName } from "./suggest.ts";

type Path = readonly (string | number)[];
type Named = Readonly<Record<string, unknown>>;

/** What only an image can have, since `isolate` shows the machine's own system. */
const OF_IMAGES: readonly string[] = ["entrypoint", "workdir", "readOnlyRootfs"];
/** What needs a sandbox, be its system an image or the machine's. */
const OF_SANDBOXES: readonly string[] = [
  "user",
  "volumes",
  "tmpfs",
  "capabilities",
  "seccomp",
  "apparmor",
  "runtime",
];
/** What says how a command of the machine runs, and nothing about an image. */
const OF_COMMANDS: Readonly<Record<string, string>> = {
  cwd: "`workdir`, the folder in the image",
  isolate: "nothing: an image is always isolated",
};
/** What can be said of a program that Plinth does not run. */
const OF_EXTERNAL: ReadonlySet<string> = new Set([
  "address",
  "port",
  "protocol",
  "health",
  "policy",
  "routes",
  "deploy",
  "aliases",
  "publish",
]);
/** The kernel's own, which mounts must not hide. */
const KERNELS: readonly string[] = ["/proc", "/sys", "/dev"];

/** What runs, misspelt: that is said by itself. */
const isMisspelt = (key: string): boolean =>
  !Object.hasOwn(definitions.ServiceSpec.properties, key) &&
  nearestName(key, ["command", "image", "address"]) !== undefined;

/** Which keys of a service go together: command or image, and what only a sandbox can do. */
export function sandboxProblems(service: Named, path: Path, problems: Problem[]): void {
  const hasImage = service["image"] !== undefined;
  const has = (key: string): boolean => Object.hasOwn(service, key) && service[key] !== undefined;
  if (has("address")) {
    for (const key of Object.keys(service)) {
      if (!has(key) || OF_EXTERNAL.has(key)) continue;
      problems.push({
        path: [...path, key],
        message: `${quoted(key)} says how a service runs, and this one runs by itself`,
        expected: "a service with `address` to have none",
        received: quoted(service[key]),
      });
    }
    return;
  }
  if (!hasImage && !has("command") && !Object.keys(service).some(isMisspelt)) {
    problems.push({
      path: [...path, "command"],
      message: "the service runs nothing",
      expected: "`command`, `image`, or the `address` of what runs by itself",
      received: "neither of them",
    });
  }
  const misplaced = (key: string, message: string, expected: string): void => {
    problems.push({ path: [...path, key], message, expected, received: quoted(service[key]) });
  };
  for (const key of OF_IMAGES) {
    if (has(key) && !hasImage)
      misplaced(key, `${quoted(key)} says something about an image, and there is none`, "`image` beside it");
  }
  for (const key of OF_SANDBOXES) {
    if (has(key) && !hasImage && !has("isolate"))
      misplaced(key, `${quoted(key)} needs a sandbox`, "`image` or `isolate: true` beside it");
  }
  for (const [key, expected] of Object.entries(OF_COMMANDS)) {
    if (has(key) && hasImage)
      misplaced(key, `${quoted(key)} says nothing about a service with an image`, expected);
  }
  const runtime = service["runtime"];
  if (typeof runtime === "string" && !/^(plinth|crun.*|runc.*)$/.test(posix.basename(runtime)))
    misplaced(
      "runtime",
      `${quoted(runtime)} is no runtime that Plinth knows how to keep`,
      '"plinth", "crun", "runc" or the path of one of the two',
    );
  if (has("imageDigest") && !hasImage)
    misplaced("imageDigest", "there is no image that this could be the digest of", "`image` beside it");
  if (has("store") && hasImage) misplaced("store", "a store is Plinth's own program", "no image");
  mountProblems(service, path, problems);
}

/** Where volumes and tmpfs stand: each in a place of its own, none on what the kernel shows. */
function mountProblems(service: Named, path: Path, problems: Problem[]): void {
  const taken = new Map<string, string>();
  const check = (place: Path, target: string, received: string): void => {
    const tell = (message: string, expected: string): void => {
      problems.push({ path: place, message, expected, received });
    };
    const plain = posix.normalize(target).replace(/(.)\/$/, "$1");
    if (target.split("/").includes(".."))
      return tell(`${quoted(target)} goes upwards`, 'an absolute path without ".."');
    if (plain === "/") return tell("the whole system cannot be a volume", "a folder below /");
    const kernels = KERNELS.find((one) => plain === one || plain.startsWith(`${one}/`));
    if (kernels !== undefined && plain !== "/dev/shm")
      return tell(`${quoted(target)} would hide what the kernel shows`, `a folder outside of ${kernels}`);
    const other = taken.get(plain);
    if (other !== undefined) return tell(`${quoted(plain)} is taken by ${other}`, "a folder of its own");
    taken.set(plain, pathOf(place));
  };
  if (isRecord(service["volumes"])) {
    for (const [name, target] of Object.entries(service["volumes"]))
      if (typeof target === "string")
        check([...path, "volumes", name], target.replace(/:(ro|rw)$/, ""), quoted(target));
  }
  if (isRecord(service["tmpfs"])) {
    for (const target of Object.keys(service["tmpfs"]))
      check([...path, "tmpfs", target], target, quoted(target));
  }
}

const pathOf = (path: Path): string => path.slice(-2).join(" ");
