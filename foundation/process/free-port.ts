import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that the system gives to whoever asks for any, and those of Plinth's own listeners and instances. */
const FIRST = 10_240;
const BEHIND = 19_000;
/** More than a test file holds at once. */
const PORTS_EACH = 64;
const SHARES = Math.floor((BEHIND - FIRST) / PORTS_EACH);

let next = randomInt(PORTS_EACH);

/**
 * A loopback port that nothing listened on a moment ago, for a server that has to be told one. Drawn where nobody gets
 * a port by asking for any, and from this process's own share, so that it stays free until that server has it: servers
 * that share their ports would not even notice that another test's has the same.
 */
export async function freePort(): Promise<number> {
  const share = FIRST + (process.pid % SHARES) * PORTS_EACH;
  for (let attempt = 1; ; attempt++) {
    const port = share + (next++ % PORTS_EACH);
    await using server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || attempt === PORTS_EACH) throw error;
    }
  }
}
