import { Fault } from "@plinth/fault";
import type { ImageUser } from "./store.ts";

const ID_MAX = 2 ** 32 - 2;
/** Linux's NGROUPS_MAX. */
const GROUPS_MAX = 65_536;

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * "name", "uid", "name:group" and so on, by an image's /etc/passwd and /etc/group. A number needs no account, as with
 * Docker; a name does. Fault `invalid`.
 */
export function userIn(user: string, passwd: string, group: string): ImageUser {
  const [userText = "", groupText, ...rest] = user.split(":");
  if (rest.length > 0 || groupText === "") {
    throw new Fault("invalid", `Cannot use the user ${JSON.stringify(user)}: expected USER or USER:GROUP`);
  }
  const accounts = accountsIn(passwd);
  const groups = groupsIn(group);
  const wanted = userText === "" ? "0" : userText;
  // A name of digits is a name first, as in the image specification's runtimes.
  const number = idOf(wanted);
  const account = accounts.find(({ name }) => name === wanted) ?? accounts.find(({ uid }) => uid === number);
  const uid = account?.uid ?? number;
  if (uid === undefined) throw unknown(user, "account", wanted, "/etc/passwd");
  const named = {
    uid,
    name: account?.name,
    home: account?.home === "" ? undefined : account?.home,
  };
  if (groupText !== undefined) {
    const gid = groups.find(({ name }) => name === groupText)?.gid ?? idOf(groupText);
    if (gid === undefined) throw unknown(user, "group", groupText, "/etc/group");
    return { ...named, gid, additionalGids: [] };
  }
  const gid = account?.gid ?? 0;
  const additional =
    account === undefined
      ? []
      : groups.filter(({ members }) => members.includes(account.name)).map((each) => each.gid);
  return { ...named, gid, additionalGids: [...new Set(additional)].slice(0, GROUPS_MAX) };
}

function accountsIn(passwd: string): readonly Account[] {
  return passwd.split("\n").flatMap((line) => {
    const [name = "", , uidText = "", gidText = "", , home = ""] = line.split(":");
    const uid = idOf(uidText);
    const gid = idOf(gidText);
    return name === "" || uid === undefined || gid === undefined ? [] : { name, uid, gid, home };
  });
}

function groupsIn(group: string): readonly Group[] {
  return group.split("\n").flatMap((line) => {
    const [name = "", , gidText = "", members = ""] = line.split(":");
    const gid = idOf(gidText);
    return name === "" || gid === undefined ? [] : { name, gid, members: members.trim().split(",") };
  });
}

function idOf(text: string): number | undefined {
  const number = Number(text);
  return /^\d{1,10}$/.test(text) && number <= ID_MAX ? number : undefined;
}

function unknown(user: string, kind: string, name: string, file: string): Fault {
  return new Fault(
    "invalid",
    `Cannot use the user ${JSON.stringify(user)}: the image's ${file} has no ${kind} ${JSON.stringify(name)}`,
    { hint: "A number needs no entry there." },
  );
}
