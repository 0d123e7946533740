import { Fault } from "@plinth/fault";
import { call, Pointer, type Step, storeWord } from "../init/step.ts";
import type { Capabilities } from "../oci/config.ts";
import { CAPABILITY_NAMES, capabilityBits } from "./capabilities.ts";
import type { CommandPlan } from "./command.ts";
import * as kernel from "./kernel.ts";

/** _LINUX_CAPABILITY_VERSION_3. */
const CAPABILITY_VERSION = 0x20080522;

/** Takes the user's ids and leaves the bounding set; capabilities stay permitted until they are set. */
export function userSteps({ process, lastCapability, deniesGroups }: CommandPlan): Step[] {
  const { uid, gid, additionalGids = [] } = process.user ?? { uid: 0, gid: 0 };
  if (deniesGroups && additionalGids.length > 0)
    throw new Fault(
      "unsupported",
      "Cannot give the container further groups: an ordinary user may not map them",
    );
  const groups = Buffer.alloc(additionalGids.length * 4);
  for (const [index, group] of additionalGids.entries()) groups.writeUInt32LE(group, index * 4);
  return [
    ...boundingSteps(process.capabilities, lastCapability),
    call("keep capabilities over the change of the user", "prctl", [kernel.PR_SET_KEEPCAPS, 1, 0, 0, 0]),
    ...(deniesGroups
      ? []
      : [call(`set ${additionalGids.length} further groups`, "setgroups", [additionalGids.length, groups])]),
    call(`become group ${gid}`, "setresgid", [gid, gid, gid]),
    call(`become user ${uid}`, "setresuid", [uid, uid, uid]),
    call("keep capabilities no more", "prctl", [kernel.PR_SET_KEEPCAPS, 0, 0, 0, 0]),
  ];
}

/** `last`: the kernel's last capability. */
export function boundingSteps(capabilities: Capabilities | undefined, last: number): Step[] {
  const keeps = capabilityBits(capabilities?.bounding);
  const dropped = Array.from({ length: last + 1 }, (_, number) => number).filter(
    (number) => (keeps & (1n << BigInt(number))) === 0n,
  );
  return dropped.map((number) =>
    call(`rule out ${CAPABILITY_NAMES[number] ?? `capability ${number}`} for good`, "prctl", [
      kernel.PR_CAPBSET_DROP,
      number,
      0,
      0,
      0,
    ]),
  );
}

const clearAmbient: Step = call("clear ambient capabilities", "prctl", [
  kernel.PR_CAP_AMBIENT,
  kernel.PR_CAP_AMBIENT_CLEAR_ALL,
  0,
  0,
  0,
]);

/** The effective, permitted, inheritable and ambient sets; `kept` are permitted and effective for a while. */
export function capabilitySteps(capabilities: Capabilities = {}, kept: readonly string[] = []): Step[] {
  // The kernel raises no other; configurations in use ask for them all the same, and other runtimes let them.
  const ambient =
    capabilityBits(capabilities.ambient) &
    capabilityBits(capabilities.permitted) &
    capabilityBits(capabilities.inheritable);
  return [
    setCapabilities(capabilities, kept),
    clearAmbient,
    ...CAPABILITY_NAMES.flatMap((name, number) =>
      (ambient & (1n << BigInt(number))) === 0n
        ? []
        : [
            call(`raise ${name} in the ambient set`, "prctl", [
              kernel.PR_CAP_AMBIENT,
              kernel.PR_CAP_AMBIENT_RAISE,
              number,
              0,
              0,
            ]),
          ],
    ),
  ];
}

/** Takes capabilities away for good but those in `kept`: from what it may inherit, and could ever get back. */
export function withholdSteps(kept: readonly string[], last: number): Step[] {
  const header = capabilityHeader();
  const sets = Buffer.alloc(24);
  const words = "inherit no capabilities";
  return [
    ...boundingSteps({ bounding: kept }, last),
    call("read which capabilities it has", "capget", [header, sets]),
    storeWord(words, 0, new Pointer(sets, INHERITABLE_OFFSET)),
    storeWord(words, 0, new Pointer(sets, 12 + INHERITABLE_OFFSET)),
    call(words, "capset", [header, sets]),
    clearAmbient,
    call("never get new privileges", "prctl", [kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]),
  ];
}

/** Of the inheritable set's lower half in struct __user_cap_data_struct[2]; the other is twelve bytes behind it. */
const INHERITABLE_OFFSET = 8;

/** struct __user_cap_header_struct, of the caller. */
function capabilityHeader(): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION, 0);
  return header;
}

/** Capabilities that are permitted no more leave the ambient set, too. */
export function setCapabilities(capabilities: Capabilities = {}, kept: readonly string[] = []): Step {
  const header = capabilityHeader();
  const sets = Buffer.alloc(24);
  const { effective = [], permitted = [], inheritable = [] } = capabilities;
  for (const [index, names] of [[...effective, ...kept], [...permitted, ...kept], inheritable].entries()) {
    const bits = capabilityBits(names);
    sets.writeUInt32LE(Number(bits & 0xffffffffn), index * 4);
    sets.writeUInt32LE(Number(bits >> 32n), 12 + index * 4);
  }
  const rest = kept.length === 0 ? "" : `, and ${kept.join(", ")} for now`;
  return call(`set effective, permitted and inheritable capabilities${rest}`, "capset", [header, sets]);
}
