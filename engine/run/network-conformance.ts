import assert from "node:assert/strict";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import { NO_LIMITS, type Scratch, scratch, untilLogged } from "./driver-conformance.ts";
import { canExec, type Driver } from "./driver.ts";
import { exposedAddress } from "./exposure.ts";
import { HostNetwork } from "./network/host-network.ts";
import { onOwnMachine, serveHere } from "./network/own-machine.ts";
import type { TaskNetwork } from "./network/task-network.ts";
import { askProbe } from "./probe.ts";

const GATEWAY = "10.213.0.1";
const VIRTUAL = "10.213.128.1";
const ADDRESS = "10.213.0.2";
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** Of <linux/capability.h>: what leads out of a namespace, to another's address, or into the kernel. */
const forbidden: Readonly<Record<string, number>> = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_BOOT: 22,
  CAP_MKNOD: 27,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
  CAP_CHECKPOINT_RESTORE: 40,
};

interface Setting extends AsyncDisposable {
  readonly network: TaskNetwork;
  readonly place: Scratch;
}

async function setting(): Promise<Setting> {
  const place = scratch();
  const host = await HostNetwork.open({
    clock: systemClock,
    log: createLog({ clock: systemClock, write: () => {} }),
    homeId: "conformance",
    subnet: "10.213.0.0/16",
    directory: join(place.directory, "network"),
  });
  const egress = { default: "allow", allow: [], deny: [] } as const;
  const network = await host.attach({ id: "conformance.web.a1", address: ADDRESS, port: 8080, egress });
  await host.attach({ id: "other", address: "10.213.0.3", egress });
  await host.setVirtualAddresses([VIRTUAL]);
  return {
    network,
    place,
    [Symbol.asyncDispose]: async () => {
      await host.remove();
      place[Symbol.dispose]();
    },
  };
}

const SERVE = `
const server = require("node:net").createServer((socket) => socket.on("error", () => {}).end("served"));
server.listen(Number(process.argv[1]), process.argv[2], () => console.log("listening"));
`;

/** What every driver must do with a task that has a network; as root, in a test file of its own. */
export function networkConformance(file: string, name: string, make: () => Driver): void {
  onOwnMachine(file, () => {
    const limit = { timeout: 30_000 };

    test(`${name}: a task with a network sees only its namespace`, limit, async () => {
      await using here = await setting();
      const { network, place } = here;
      using _virtual = await serveHere(VIRTUAL, 80);
      const script = [
        "const { readFileSync, readdirSync, readlinkSync } = require('node:fs');",
        "const { networkInterfaces } = require('node:os');",
        "const socket = require('node:net').connect(80, process.argv[1]);",
        "socket.on('error', (error) => console.log(error.code)).on('connect', () => console.log(JSON.stringify({",
        "  links: readdirSync('/sys/class/net').sort(), resolv: readFileSync('/etc/resolv.conf', 'utf8'),",
        "  hosts: readFileSync('/etc/hosts', 'utf8'), from: socket.localAddress,",
        "  addresses: Object.values(networkInterfaces()).flat().map(({ address }) => address).sort(),",
        "})));",
      ].join("\n");
      using handle = await make().start(place.spec([process.execPath, "-e", script, VIRTUAL], { network }));
      assert.equal((await handle.wait()).code, 0, place.log());
      const seen = JSON.parse(place.log()) as Record<string, unknown>;
      assert.deepEqual(seen, {
        links: ["eth0", "lo"],
        resolv: readFileSync(network.resolvConf, "utf8"),
        hosts: readFileSync(network.hosts, "utf8"),
        from: ADDRESS,
        addresses: [ADDRESS, "127.0.0.1", "::1"].sort(),
      });
      assert.match(seen["resolv"], new RegExp(`^nameserver ${GATEWAY}$`, "m"));
      assert.match(seen["hosts"], new RegExp(`^${ADDRESS} `, "m"));
    });

    test(`${name}: a task with a network has no capability that leads out of it`, limit, async () => {
      await using here = await setting();
      const { network, place } = here;
      using handle = await make().start(
        place.spec(["/bin/sh", "-c", "cat /proc/self/status; echo done"], { network, env }),
      );
      const status = await untilLogged(place, handle, "done");
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
        const bits = BigInt(`0x${new RegExp(`^${set}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1]}`);
        for (const [capability, bit] of Object.entries(forbidden))
          assert.equal((bits >> BigInt(bit)) & 1n, 0n, `${capability} in ${set}`);
      }
      assert.match(status, /^NoNewPrivs:\s+1$/m);
    });

    test(`${name}: a task with a network can neither leave nor change it`, limit, async () => {
      await using here = await setting();
      const { network, place } = here;
      const attempts = [
        "unshare --net true",
        "unshare --mount true",
        "nsenter --net=/proc/1/ns/net true",
        "nsenter --target 1 --net true",
        "nsenter --net=/run/netns/plinth0.other true",
        "nsenter --mount=/proc/1/ns/mnt true",
        "setpriv --inh-caps=+net_admin --ambient-caps=+net_admin true",
        "setpriv --bounding-set=+all ip addr add 10.213.0.3/32 dev eth0",
        "ip link add evil type veth peer name twin",
        "ip link set dev eth0 address 02:70:0a:d5:00:03",
        "ip addr add 10.213.0.3/32 dev eth0",
        `ip route replace default via ${GATEWAY} src 10.213.0.3`,
        "ip link set dev eth0 netns 1",
        "ip netns add evil",
        "nft flush ruleset",
        "nft list ruleset",
        "mount -t tmpfs tmpfs /mnt",
        "umount /etc/resolv.conf",
        "mount --bind /etc/passwd /etc/hosts",
        // In a namespace of its own the first process is its own.
        'test "$$" != 1 && dd if=/dev/null of=/proc/1/mem',
        // A user namespace gives every capability over what it makes itself, and none over the task's network.
        "unshare --user --map-root-user ip addr add 10.213.0.3/32 dev eth0",
        "unshare --user --map-root-user nsenter --net=/proc/1/ns/net true",
      ];
      const script = attempts.map((attempt) => `if ${attempt}; then echo "ESCAPED ${attempt}"; fi`);
      script.push(
        'python3 -c "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)" && echo "ESCAPED raw"',
      );
      script.push("echo done; exit 0");
      using handle = await make().start(place.spec(["/bin/sh", "-c", script.join("\n")], { network, env }));
      assert.equal((await handle.wait()).code, 0);
      assert.match(place.log(), /^done$/m);
      assert.doesNotMatch(place.log(), /^ESCAPED.*$/m);
    });

    test(
      `${name}: a task with a network is probed by the host, and that is no exposure`,
      limit,
      async (context) => {
        await using here = await setting();
        const { network, place } = here;
        const driver = make();
        const probe = { exec: undefined, address: ADDRESS, port: 8080 };
        const options = { clock: systemClock, timeoutMs: 5000, signal: context.signal };
        for (const listensOn of ["0.0.0.0", "127.0.0.1", "::"]) {
          writeFileSync(place.spec([]).logFile, "");
          using handle = await driver.start(
            place.spec([process.execPath, "-e", SERVE, "8080", listensOn], { network }),
          );
          await untilLogged(place, handle, "listening");
          assert.equal((await askProbe({ tcp: true }, probe, options)).yes, true, listensOn);
          assert.equal(await exposedAddress(handle.members()), undefined);
          await handle.stop({ graceMs: 0 });
        }
      },
    );

    test(`${name}: exec() runs in the network of its task, with no more rights`, limit, async (context) => {
      const driver = make();
      if (!canExec(driver)) {
        context.skip("this driver has no exec");
        return;
      }
      await using here = await setting();
      const { network, place } = here;
      using handle = await driver.start(place.spec(["sleep", "600"], { network }));
      const stdout = new PassThrough();
      const script =
        "readlink /proc/self/ns/net; pwd; cat /etc/resolv.conf; unshare --net true || echo kept; exit 5";
      const code = await driver.exec(handle, ["/bin/sh", "-c", script], {
        env,
        directory: place.directory,
        stdout,
      });
      stdout.end();
      assert.equal(code, 5);
      const [namespace, directory, ...rest] = (await text(stdout)).trim().split("\n");
      assert.equal(namespace, readlinkSync(`/proc/${handle.pid}/ns/net`));
      assert.notEqual(namespace, readlinkSync("/proc/self/ns/net"));
      assert.equal(directory, place.directory);
      assert.equal(rest.join("\n"), `${readFileSync(network.resolvConf, "utf8")}kept`);
      assert.equal(await driver.exec(handle, ["no-such-command"], { env, directory: "/" }), 127);
      await handle.stop({ graceMs: 0 });
    });

    test(`${name}: a task whose network cannot be entered never runs, and says so`, limit, async () => {
      await using here = await setting();
      const { network, place } = here;
      const driver = make();
      const start = async (command: readonly string[], changes: Partial<TaskNetwork> = {}) => {
        using handle = await driver.start(
          place.spec(command, {
            network: { ...network, ...changes },
            limits: { ...NO_LIMITS, bestEffort: true },
          }),
        );
        return await handle.wait();
      };
      for (const changes of [{ namespace: "/run/netns/none" }, { hosts: "/nowhere" }]) {
        const exit = await start(["echo", "ran"], changes);
        assert.equal(exit.cause, "cannot-start");
        assert.match(exit.reason, /^Cannot start: it could not be put into its network/);
      }
      assert.doesNotMatch(place.log(), /^ran$/m);
      assert.equal(
        (await start(["no-such-command"])).reason,
        'Cannot start: no such command "no-such-command" in PATH',
      );
      assert.equal((await start(["/dev/null"])).cause, "cannot-start");
      assert.deepEqual(await start(["/bin/sh", "-c", "exit 125"]), {
        cause: "exited",
        code: 125,
        reason: "exit code 125",
      });
    });
  });
}
