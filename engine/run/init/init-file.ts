import { createHash, randomBytes } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault, messageOf } from "@plinth/fault";
import { hostArchitecture } from "../machine/architecture.ts";
import { initBinary } from "./binary.ts";
import { describeErrno, launch, type Launched, unexpectedEnd } from "./launch.ts";
import { encodeProgram, type Program } from "./program.ts";
import { exitStep, receiveSteps, reportFailure, reportStep } from "./report.ts";
import { call, goTo, Label, Slot } from "./step.ts";

/** The init, ready to be executed. */
export interface Init extends Disposable {
  readonly path: string;
  /** Nobody can change what `path` leads to, not even a container's root that gets hold of a process running it. */
  readonly isSealed: boolean;
}

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
/** Since Linux 6.3; EINVAL before, where it needs no saying. */
const MFD_EXEC = 16;
const F_ADD_SEALS = 1033;
/** No more seals, no shrinking, growing or writing. */
const SEALS = 0xf;

/**
 * Writes the init to `directory` once, checks it before each use, and then runs it from memory that is sealed: in a
 * file, it could be overwritten from inside of a container (as CVE-2019-5736 did with runc). Where the kernel is set to
 * execute nothing from memory, `isSealed` is false.
 */
export async function openInit(directory: string): Promise<Init> {
  const binary = initBinary(hostArchitecture());
  const path = writeOnce(directory, binary);
  const file: Init = { path, isSealed: false, [Symbol.dispose]: () => {} };
  const memory = new Slot("the init in memory");
  const hostsMemory = await launch({
    init: file,
    program: encodeProgram(sealing(memory, binary), hostArchitecture()),
  }).catch((error: unknown) => {
    throw new Fault("unavailable", `Cannot execute ${path}: ${messageOf(error)}`, {
      cause: error,
      hint: "The file system it is on may be mounted noexec, or a policy of this machine forbids it.",
    });
  });
  try {
    const fd = await openMemory(hostsMemory, binary);
    if (fd === undefined) return file;
    return { path: `/proc/self/fd/${fd}`, isSealed: true, [Symbol.dispose]: () => closeSync(fd) };
  } finally {
    hostsMemory.close();
    await hostsMemory.ended;
  }
}

/** The init of a directory, opened when it is first asked for, and again where that failed. */
export function initIn(directory: string): () => Promise<Init> {
  let opened: Promise<Init> | undefined;
  return () => {
    opened ??= openInit(directory).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** A copy of the init in sealed memory, reported as a descriptor of the init that made it. */
function sealing(memory: Slot, binary: Buffer): Program {
  const failure = new Label("failure");
  const older = new Label("older kernel");
  const made = new Label("made");
  const create = (flags: number): Parameters<typeof call>[2] => [
    "plinth-init",
    flags | MFD_CLOEXEC | MFD_ALLOW_SEALING,
  ];
  const words = "make memory that can be executed";
  return {
    sections: [
      {
        name: "init",
        failure,
        steps: [
          call(words, "memfd_create", create(MFD_EXEC), { keep: memory, on: { EINVAL: older } }),
          goTo("go on", made),
          older,
          call(words, "memfd_create", create(0), { keep: memory }),
          made,
          call("write the init to it", "write", [memory, binary, binary.length]),
          call("seal it", "fcntl", [memory, F_ADD_SEALS, SEALS]),
          ...reportStep("waiting", memory),
          ...receiveSteps("wait until it is open elsewhere"),
          exitStep(0),
          failure,
          ...reportFailure(),
          exitStep(1),
        ],
      },
    ],
  };
}

/** A descriptor of ours for the memory another process made; undefined where that may not be executed. */
async function openMemory(launched: Launched, binary: Buffer): Promise<number | undefined> {
  const report = await launched.next();
  if (report === undefined) throw unexpectedEnd("seal the init", await launched.ended);
  if (report.kind === "failed") {
    if (report.step.call === "memfd_create") return undefined;
    throw new Fault("unavailable", `Cannot ${report.step.words}: ${describeErrno(report.errno)}`);
  }
  const fd = openHigh(`/proc/${launched.child.pid}/fd/${report.value}`);
  if (readFileSync(fd).equals(binary)) return fd;
  closeSync(fd);
  throw new Fault("corrupt", "Cannot seal the init: what is in memory is not what was written");
}

/**
 * A number below this one may be a standard stream of an init that is started, or a descriptor handed over to it: then
 * the path of what it is to run would lead to that.
 */
const DESCRIPTOR_LEAST = 64;

function openHigh(path: string): number {
  const low: number[] = [];
  try {
    for (;;) {
      const fd = openSync(path, "r");
      if (fd >= DESCRIPTOR_LEAST) return fd;
      low.push(fd);
    }
  } finally {
    for (const fd of low) closeSync(fd);
  }
}

/** Its path, `init-DIGEST`; written by rename, so that there is never half of it. */
function writeOnce(directory: string, binary: Buffer): string {
  const digest = createHash("sha256").update(binary).digest("hex").slice(0, 16);
  const path = join(directory, `init-${digest}`);
  if (isThere(path, binary)) return path;
  const temporary = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, binary, { mode: 0o500, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    throw new Fault("unavailable", `Cannot write the init to ${directory}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return path;
}

/** Whether it is ours, unchangeable for others, and to the byte what it should be. */
function isThere(path: string, binary: Buffer): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const { uid, mode } = fstatSync(fd);
    return uid === process.geteuid?.() && (mode & 0o777) === 0o500 && readFileSync(fd).equals(binary);
  } finally {
    closeSync(fd);
  }
}
