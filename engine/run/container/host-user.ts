import { readFileSync } from "node:fs";
import { Fault } from "@plinth/fault";
import type { ContainerUser } from "./config.ts";

/** Of getpwnam(5)'s files: fields by line. */
function rows(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

/** Who "name", "uid" or either with ":group" is on this machine; undefined is whoever asks. */
export function hostUser(text: string | undefined): ContainerUser {
  if (text === undefined) {
    const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
    return { uid, gid, additionalGids: (process.getgroups?.() ?? []).filter((one) => one !== gid) };
  }
  const [name = "", group] = text.split(":");
  const users = rows("/etc/passwd");
  const groups = rows("/etc/group");
  const user = users.find(([one, , uid]) => one === name || uid === name);
  const uid = Number(user?.[2] ?? name);
  if (!Number.isInteger(uid)) throw new Fault("invalid", `Cannot start: there is no user "${name}" here`);
  if (group === undefined) {
    const gid = Number(user?.[3] ?? uid);
    const more = groups.filter(([, , , members]) => members?.split(",").includes(user?.[0] ?? ""));
    return { uid, gid, additionalGids: more.map(([, , id]) => Number(id)).filter((id) => id !== gid) };
  }
  const gid = Number(groups.find(([one, , id]) => one === group || id === group)?.[2] ?? group);
  if (!Number.isInteger(gid)) throw new Fault("invalid", `Cannot start: there is no group "${group}" here`);
  return { uid, gid, additionalGids: [] };
}
