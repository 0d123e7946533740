import { open, readdir, readlink } from "node:fs/promises";

const LISTEN = "0A";
const CHUNK_BYTES = 16 * 1024;

/** Where something listens. */
interface Listener {
  readonly isLoopback: boolean;
  /** ADDRESS:PORT. */
  readonly address: string;
}

/** Listening sockets by inode, in one process's network. */
async function listeners(table: string): Promise<Map<string, Listener>> {
  const found = new Map<string, Listener>();
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
        found.set(fields[9] ?? "", listenerOf(fields[1] ?? ""));
      }
    }
  } finally {
    await file.close();
  }
}

/** "0100007F:1F90" → 127.0.0.1:8080, of loopback. Words are in host byte order. */
export function listenerOf(text: string): Listener {
  const [hex = "", portHex = ""] = text.split(":");
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2)
      bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
  }
  const port = Number.parseInt(portHex, 16);
  const isMapped =
    bytes.length === 16 &&
    bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255;
  if (bytes.length === 4 || isMapped) {
    const four = bytes.slice(-4);
    return { isLoopback: four[0] === 127, address: `${four.join(".")}:${port}` };
  }
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2)
    groups.push(((bytes[index]! << 8) | bytes[index + 1]!).toString(16));
  const isOfZeros = groups.slice(0, 7).every((group) => group === "0");
  const compact = isOfZeros ? `::${groups[7] === "0" ? "" : groups[7]}` : groups.join(":");
  return { isLoopback: isOfZeros && groups[7] === "1", address: `[${compact}]:${port}` };
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
  const [exposed] = await addressesOf(pids, ({ isLoopback }) => !isLoopback);
  return exposed;
}

/** Where these processes listen, which share one network. */
export function listeningAddresses(pids: readonly number[]): Promise<string[]> {
  return addressesOf(pids, () => true);
}

async function addressesOf(
  pids: readonly number[],
  isWanted: (listener: Listener) => boolean,
): Promise<string[]> {
  const wanted = new Map<string, string>();
  for (const name of ["tcp", "tcp6"]) {
    try {
      for (const [inode, listener] of await listeners(`/proc/${pids[0]}/net/${name}`))
        if (isWanted(listener)) wanted.set(inode, listener.address);
    } catch {
      // Ended meanwhile, or a kernel without IPv6.
    }
  }
  const found = new Set<string>();
  if (wanted.size === 0) return [];
  for (const pid of pids) {
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const name of names) {
      const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
      const address = target.startsWith("socket:[") ? wanted.get(target.slice(8, -1)) : undefined;
      if (address !== undefined) found.add(address);
    }
  }
  return [...found];
}
