import { open, readdir, readlink } from "node:fs/promises";

const LISTEN = "0A";
const CHUNK_BYTES = 16 * 1024;

/** Sockets listening beyond loopback, as ADDRESS:PORT by inode, in one process's network. */
async function wideListeners(table: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const file = await open(table, "r");
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = "";
    let isHeading = true;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return found;
      const lines = (rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (isHeading) {
          isHeading = false;
          continue;
        }
        // SLOT: LOCAL REMOTE STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE
        const fields = line.trim().split(/\s+/);
        // The kernel lists all listening sockets before any other: open connections cost nothing here.
        if (fields[3] !== LISTEN) return found;
        const address = addressOf(fields[1] ?? "");
        if (address !== undefined) found.set(fields[9] ?? "", address);
      }
    }
  } finally {
    await file.close();
  }
}

/** "0100007F:1F90" → undefined (loopback); "00000000:1F90" → "0.0.0.0:8080". Words are in host byte order. */
export function addressOf(text: string): string | undefined {
  const [hex = "", portHex = ""] = text.split(":");
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2)
      bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
  }
  const port = Number.parseInt(portHex, 16);
  if (bytes.length === 4) return bytes[0] === 127 ? undefined : `${bytes.join(".")}:${port}`;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes[12] === 127 ? undefined : `${bytes.slice(12).join(".")}:${port}`;
  const isLoopback = bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1;
  if (isLoopback) return undefined;
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2)
    groups.push(((bytes[index]! << 8) | bytes[index + 1]!).toString(16));
  const compact = groups.every((group) => group === "0") ? "::" : groups.join(":");
  return `[${compact}]:${port}`;
}

/** Whether a process is in the same network as this one. */
async function inNetworkOf(pid: number): Promise<boolean> {
  const own = await readlink("/proc/self/ns/net").catch(() => "");
  return own === (await readlink(`/proc/${pid}/ns/net`).catch(() => own));
}

/** An address beyond loopback that one of these processes listens on; undefined when there is none. */
export async function exposedAddress(pids: readonly number[]): Promise<string | undefined> {
  const [first] = pids;
  if (first === undefined) return undefined;
  // In a network of its own, what it listens on is reached by this host alone.
  if (!(await inNetworkOf(first))) return undefined;
  const wide = new Map<string, string>();
  for (const name of ["tcp", "tcp6"]) {
    try {
      for (const [inode, address] of await wideListeners(`/proc/${first}/net/${name}`))
        wide.set(inode, address);
    } catch {
      // Ended meanwhile, or a kernel without IPv6.
    }
  }
  if (wide.size === 0) return undefined;
  for (const pid of pids) {
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const name of names) {
      const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
      const address = target.startsWith("socket:[") ? wide.get(target.slice(8, -1)) : undefined;
      if (address !== undefined) return address;
    }
  }
  return undefined;
}
