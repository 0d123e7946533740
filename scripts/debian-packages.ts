/** Debian packages that tests use as real clients and rivals; the product itself needs none of them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { text } from "node:stream/consumers";

/** Package by the program it brings. */
const packages: Readonly<Record<string, string>> = {
  "/lib/systemd/systemd": "systemd",
  "/usr/bin/busybox": "busybox-static",
  "/usr/bin/chromium": "chromium",
  "/usr/bin/crontab": "cron",
  "/usr/bin/crun": "crun",
  "/usr/bin/curl": "curl",
  "/usr/bin/etcd": "etcd-server",
  "/usr/bin/etcdctl": "etcd-client",
  "/usr/bin/h2load": "nghttp2-client",
  "/usr/bin/prometheus": "prometheus",
  "/usr/bin/prometheus-node-exporter": "prometheus-node-exporter",
  "/usr/bin/pydoc3": "python3",
  "/usr/bin/python3": "python3-minimal",
  "/usr/bin/redis-benchmark": "redis-tools",
  "/usr/bin/redis-server": "redis-server",
  "/usr/bin/skopeo": "skopeo",
  "/usr/bin/strace": "strace",
  "/usr/bin/wrk": "wrk",
  "/usr/lib/postgresql/15/bin/postgres": "postgresql-15",
  "/usr/sbin/haproxy": "haproxy",
  "/usr/sbin/nft": "nftables",
  "/usr/sbin/nghttpd": "nghttp2-server",
  "/usr/sbin/nginx": "nginx-light",
  "/usr/sbin/runc": "runc",
  "/usr/sbin/sshd": "openssh-server",
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs what is missing when root on Debian; otherwise says in one line what to install. */
export async function installDebianPackages(): Promise<void> {
  const missing = Object.entries(packages).flatMap(([program, name]) =>
    isExecutable(program) ? [] : [name],
  );
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isExecutable("/usr/bin/apt-get")) {
    console.error(`Tests that need them are skipped; to run them: apt-get install ${missing.join(" ")}`);
    return;
  }
  console.error(`Installing ${missing.join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = async (...parameters: string[]): Promise<boolean> => {
    const child = spawn("apt-get", ["-q", ...parameters], { env, stdio: ["ignore", "ignore", "pipe"] });
    const [said, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
    if (status !== 0) console.error(said.trim());
    return status === 0;
  };
  if (!(await apt("update")) || !(await apt("install", "-y", "--no-install-recommends", ...missing))) {
    console.error("Could not install them; tests that need them are skipped.");
  }
}
