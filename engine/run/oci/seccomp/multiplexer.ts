import type { SeccompCondition } from "../config.ts";

/** Calls that 32-bit x86 also makes through socketcall(2), by number (linux/net.h). */
const SOCKET_CALLS: Readonly<Record<string, number>> = {
  socket: 1,
  bind: 2,
  connect: 3,
  listen: 4,
  accept: 5,
  getsockname: 6,
  getpeername: 7,
  socketpair: 8,
  send: 9,
  recv: 10,
  sendto: 11,
  recvfrom: 12,
  shutdown: 13,
  setsockopt: 14,
  getsockopt: 15,
  sendmsg: 16,
  recvmsg: 17,
  accept4: 18,
  recvmmsg: 19,
  sendmmsg: 20,
};

/** The same for ipc(2) (linux/ipc.h). */
const IPC_CALLS: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/** ipc(2) takes the call from the lower half of its first argument, and a version from the upper. */
const IPC_CALL_MASK = 0xffff;

/** The other way in to a call: what is called, and on which condition it is this call. */
export function multiplexed(name: string): { by: string; condition: SeccompCondition } | undefined {
  const socket = SOCKET_CALLS[name];
  if (socket !== undefined)
    return { by: "socketcall", condition: { index: 0, op: "SCMP_CMP_EQ", value: socket } };
  const ipc = IPC_CALLS[name];
  if (ipc === undefined) return undefined;
  return {
    by: "ipc",
    condition: { index: 0, op: "SCMP_CMP_MASKED_EQ", value: IPC_CALL_MASK, valueTwo: ipc },
  };
}
