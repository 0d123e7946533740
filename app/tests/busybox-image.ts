import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { type FakeEntry, fakeImage, writeFakeLayout } from "@plinth/run/testing";

const BUSYBOX = "/usr/bin/busybox";
const FOLDERS = ["bin", "data", "dev", "etc", "proc", "root", "sys", "tmp", "www", "www/cgi-bin"];

/** Why no such image can be made here; undefined where it can. */
export function lacksBusybox(): string | undefined {
  return existsSync(BUSYBOX) ? undefined : "no /usr/bin/busybox (Debian's busybox-static)";
}

/** What an answer of the image's web server tells of where it runs. */
const WHO = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
cat /www/text
id -u
hostname
grep -E 'CapEff|Seccomp:|NoNewPrivs' /proc/self/status
`;

/** A layout with one image: busybox, as user "web", serving \`text\` at /cgi-bin/who on $PORT. */
export async function writeBusyboxImage(directory: string, text: string): Promise<void> {
  const { stdout } = spawnSync(BUSYBOX, ["--list"], { encoding: "utf8" });
  const applets = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
  const base: FakeEntry[] = [
    ...FOLDERS.map((name): FakeEntry => ({ name: `${name}/`, type: "directory" })),
    { name: "bin/busybox", content: readFileSync(BUSYBOX), mode: 0o755 },
    ...applets.map((name): FakeEntry => ({ name: `bin/${name}`, type: "symlink", target: "busybox" })),
    { name: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:web:/data:/bin/sh\n" },
    { name: "etc/group", content: "root:x:0:\nweb:x:1000:\n" },
    // What somebody might hope to get out by.
    { name: "data/out", type: "symlink", target: "/etc" },
    { name: "dev-disk", type: "block", deviceMajor: 254, deviceMinor: 0, mode: 0o666 },
  ];
  const site: FakeEntry[] = [
    { name: "www/text", content: `${text}\n` },
    { name: "www/cgi-bin/who", content: WHO, mode: 0o755 },
  ];
  const config = {
    Entrypoint: ["/bin/sh", "-c"],
    Cmd: ["exec httpd -f -p $PORT -h /www"],
    User: "web",
    StopSignal: "SIGKILL",
    Healthcheck: { Test: ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:$PORT/text"] },
  };
  await writeFakeLayout(directory, { latest: fakeImage({ layers: [base, site], config }) });
}

/** Asks a service for each answer, and tells what it sees of the machine where it is asked for /self. */
export const ASKING: string = `import { createServer } from "node:http";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
const attempt = (deed) => { try { return deed(); } catch (error) { return error.code; } };
const self = () => JSON.stringify({
  shadow: attempt(() => readFileSync("/etc/shadow", "utf8").length),
  written: attempt(() => writeFileSync("/etc/plinth-was-here", "")),
  home: existsSync(process.env.OUTSIDE ?? ""),
  pid: process.pid,
  filtered: /Seccomp:\\t2/.test(readFileSync("/proc/self/status", "utf8")),
});
const server = createServer(async (request, response) => {
  try {
    const path = request.url === "/who" ? "/cgi-bin/who" : "/text";
    const body = request.url === "/self" ? self() : await (await fetch(process.env.PLINTH_WEB_URL + path)).text();
    response.end(body);
  } catch (error) { response.statusCode = 500; console.error(String(error.cause ?? error)); response.end(); }
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;
