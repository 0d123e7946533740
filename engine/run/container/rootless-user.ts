import { Fault } from "@plinth/fault";
import type { ContainerUser } from "./config.ts";
import { hostUser } from "./host-user.ts";
import { hostIdOf, ownMaps, type UserMaps } from "./id-maps.ts";
import type { RootlessAbility } from "./rootless.ts";

/** Who a container of an ordinary user runs as, and whom its ids are on the machine. */
interface MappedUser {
  readonly user: ContainerUser;
  readonly maps: UserMaps;
}

/** Of a command in a view of the machine's system: it runs as who runs Plinth, and everybody else is nobody. */
export function themselves(asked: string | undefined): MappedUser {
  const { uid, gid } = hostUser(undefined);
  const wanted = hostUser(asked);
  if (wanted.uid !== uid || wanted.gid !== gid)
    throw new Fault(
      "unsupported",
      `Cannot start it as user "${asked}": without root, an isolated command runs as who runs Plinth (${uid}:${gid})`,
      { hint: "Leave `user` out, or run Plinth as root." },
    );
  return { user: { uid, gid, additionalGids: [] }, maps: ownMaps({ uid, gid }) };
}

/** Of an image: root in it is who runs Plinth, others are that user's subordinate ids. `name`: as it was asked for. */
export function mapped(wanted: ContainerUser, name: string, { ids }: RootlessAbility): MappedUser {
  if (ids.maps === undefined) {
    if (wanted.uid !== 0 || wanted.gid !== 0)
      throw new Fault(
        "unsupported",
        `Cannot start it as user "${name}": without root, an image can have root only; ${ids.lacks}`,
        { hint: `${ids.hint}; or say \`user: root\`, which is who runs Plinth.` },
      );
    // The kernel lets nobody change groups who maps only their own.
    return { user: { ...wanted, additionalGids: [] }, maps: ownMaps({ uid: 0, gid: 0 }) };
  }
  const { uid, gid } = ids.maps;
  const groups = [wanted.gid, ...wanted.additionalGids];
  const missing =
    hostIdOf(wanted.uid, uid) === undefined
      ? `user ${wanted.uid}`
      : groups.filter((one) => hostIdOf(one, gid) === undefined).map((one) => `group ${one}`)[0];
  if (missing !== undefined)
    throw new Fault(
      "unsupported",
      `Cannot start it as user "${name}": ${missing} is beyond your subordinate ids`,
      {
        hint: "/etc/subuid and /etc/subgid say how many there are; 65536 are usual.",
      },
    );
  return { user: wanted, maps: ids.maps };
}
