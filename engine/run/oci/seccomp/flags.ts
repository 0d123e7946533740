import { Fault } from "@plinth/fault";
import type { LinuxSeccomp } from "../config.ts";

/** SECCOMP_FILTER_FLAG_* of linux/seccomp.h, as profiles name them. */
const FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 0x01,
  SECCOMP_FILTER_FLAG_LOG: 0x02,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 0x04,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0x20,
};
const NEW_LISTENER = 0x08;
/** With a listener, a thread that cannot be brought in line is told in another way than by the returned descriptor. */
const TSYNC_ESRCH = 0x10;
const TSYNC = 0x01;

export const SECCOMP_FLAG_NAMES: readonly string[] = Object.keys(FLAGS);

interface FilterFlags {
  readonly flags: number;
  readonly listener: { readonly path: string; readonly metadata: string } | undefined;
}

/** Flags for seccomp(2), and who is asked about calls that the profile leaves to another process. */
export function filterFlags(seccomp: LinuxSeccomp): FilterFlags {
  let flags = 0;
  for (const name of seccomp.flags ?? []) {
    const flag = FLAGS[name];
    if (flag === undefined) throw cannot(`no flag "${name}" is known`);
    flags |= flag;
  }
  const asks = (seccomp.syscalls ?? []).filter(({ action }) => action === "SCMP_ACT_NOTIFY");
  const { listenerPath = "", listenerMetadata = "" } = seccomp;
  if (seccomp.defaultAction === "SCMP_ACT_NOTIFY")
    throw cannot("SCMP_ACT_NOTIFY as the default would also stop who has to hand over the listener");
  // The descriptor is handed over by sendmsg(2) and what goes before it, under the filter already.
  if (asks.some(({ names }) => names.some((name) => name === "write" || name === "sendmsg")))
    throw cannot("SCMP_ACT_NOTIFY for write or sendmsg would stop who has to hand over the listener");
  if (listenerPath === "") {
    if (asks.length > 0) throw cannot("SCMP_ACT_NOTIFY needs a listenerPath");
    if (listenerMetadata !== "") throw cannot("listenerMetadata needs a listenerPath");
    return { flags, listener: undefined };
  }
  if (!listenerPath.startsWith("/")) throw cannot(`the listenerPath "${listenerPath}" is not absolute`);
  if (asks.length === 0) return { flags, listener: undefined };
  if ((flags & TSYNC) !== 0) flags |= TSYNC_ESRCH;
  return { flags: flags | NEW_LISTENER, listener: { path: listenerPath, metadata: listenerMetadata } };
}

const cannot = (why: string): Fault => new Fault("invalid", `Cannot compile a seccomp profile: ${why}`);
