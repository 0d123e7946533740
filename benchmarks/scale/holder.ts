/** Opens connections to many listeners, asks once on each, says "ready" and holds them until it is ended. */
import { connect } from "node:net";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { port: { type: "string" }, addresses: { type: "string" }, connections: { type: "string" } },
});
const addresses = values.addresses!.split(",");
const total = Number(values.connections);
/** A few at a time: a listener's backlog is not what is measured. */
const AT_ONCE = 64;
let begun = 0;
let answered = 0;

function next(): void {
  if (begun === total) return;
  const socket = connect({ host: addresses[begun++ % addresses.length]!, port: Number(values.port) });
  socket.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
  socket.once("data", () => {
    if (++answered === total) process.stdout.write("ready\n");
    next();
  });
  socket.on("error", (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}

for (let index = 0; index < AT_ONCE; index++) next();
