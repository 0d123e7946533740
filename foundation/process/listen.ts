import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Why no listener can be opened there now, for a sentence that goes on after a colon; undefined: one can. */
export async function whyNoListener(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return "another program listens there; `ss -ltnp` shows which";
    if (code === "EADDRNOTAVAIL") return "this machine has no such address";
    if (code === "EACCES")
      return `this user may not listen below port ${firstUnprivilegedPort()}; choose a higher one, or run Plinth as root`;
    return message;
  } finally {
    server.close();
  }
}

export async function canListen(address: string, port: number): Promise<boolean> {
  return (await whyNoListener(address, port)) === undefined;
}

function firstUnprivilegedPort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return FIRST_UNPRIVILEGED_PORT;
  }
}

/** The kernel's default, where it does not tell. */
const FIRST_UNPRIVILEGED_PORT = 1024;
