import { Block, call, Pointer, Slot, type Step, storeWord } from "../init/step.ts";
import type { CgroupPlace } from "./container.ts";
import * as kernel from "./kernel.ts";

/** struct bpf_insn. */
const INSTRUCTION_BYTES = 8;
/** Up to which field of union bpf_attr the two calls below say anything: license, attach_flags. */
const LOAD_BYTES = 24;
const ATTACH_BYTES = 16;

/** Attaches the program that decides on devices to the v2 cgroup. It stays as long as the cgroup does. */
export function deviceFilterSteps({ unified, deviceProgram }: CgroupPlace): Step[] {
  if (unified === undefined || deviceProgram === undefined) return [];
  const program = new Slot("device program");
  const directory = new Slot("cgroup");
  const head = Buffer.alloc(8);
  head.writeUInt32LE(kernel.BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  head.writeUInt32LE(deviceProgram.length / INSTRUCTION_BYTES, 4);
  const load = new Block([head, new Pointer(deviceProgram), new Pointer("Apache-2.0")]);
  const attach = Buffer.alloc(ATTACH_BYTES);
  attach.writeUInt32LE(kernel.BPF_CGROUP_DEVICE, 8);
  attach.writeUInt32LE(kernel.BPF_F_ALLOW_MULTI, 12);
  return [
    call("load the program that decides on devices", "bpf", [kernel.BPF_PROG_LOAD, load, LOAD_BYTES], {
      keep: program,
    }),
    call(`open the cgroup ${unified}`, "openat", [kernel.AT_FDCWD, unified, kernel.O_CLOEXEC], {
      keep: directory,
    }),
    storeWord("attach to it", directory, new Pointer(attach)),
    storeWord("attach the program", program, new Pointer(attach, 4)),
    call("attach the program to the cgroup", "bpf", [kernel.BPF_PROG_ATTACH, attach, ATTACH_BYTES]),
    call("close the cgroup", "close", [directory]),
    call("close the program", "close", [program]),
  ];
}
