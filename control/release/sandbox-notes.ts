import { type ServiceSpec, volumesOf } from "@plinth/resource";

/** Of a digest as people see it: its algorithm, and enough to tell it from any other. */
export const DIGEST_CHARACTERS = 19;

/** An image as it is named, and what that was found to be: "redis:7 → sha256:0123456789ab". */
export function imageText({ image, imageDigest }: ServiceSpec): string {
  const name = typeof image === "string" ? image : `built of ${image?.base ?? "nothing"}`;
  return imageDigest === undefined ? name : `${name} → ${imageDigest.slice(0, DIGEST_CHARACTERS)}`;
}

/** What of a host decides on how far a sandbox separates. */
export interface HostAbility {
  /** Each instance has a network of its own. */
  readonly ownNetworks: boolean;
  /** Plinth runs without root. */
  readonly rootless: boolean;
}

/** What somebody who deploys a sandbox should know of it. */
export function sandboxNotes(spec: ServiceSpec, { ownNetworks, rootless }: HostAbility): string[] {
  const notes: string[] = [];
  if (spec.image === undefined && spec.isolate !== true) return notes;
  for (const volume of volumesOf(spec)) {
    if ("path" in volume)
      notes.push(
        `It ${volume.readOnly ? "sees" : "may write to"} ${volume.path} of the host; a rollback does not bring back what is there`,
      );
  }
  const added = spec.capabilities?.add ?? [];
  if (added.length > 0) notes.push(`It has more rights than a sandbox gives: ${added.join(", ")}`);
  if (spec.seccomp === "unconfined") notes.push("It may make every system call: seccomp is unconfined");
  if (!ownNetworks) notes.push("Cooperative mode: its files are its own, its network is the host's");
  if (rootless)
    notes.push(
      "Without root: its root is the user who runs Plinth; what gets out of it has that user's rights",
    );
  return notes;
}
