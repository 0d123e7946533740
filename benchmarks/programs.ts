/** Programs of others that cases run: rivals, and what measures them. */
import { spawnSync } from "node:child_process";

/** Debian's packages, where they have other names. */
const packages: Readonly<Record<string, string>> = {
  busybox: "busybox-static",
  etcd: "etcd-server",
  h2load: "nghttp2-client",
  nghttpd: "nghttp2-server",
  nginx: "nginx-light",
};

export function isInstalled(program: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'command -v "$0"', program]).status === 0;
}

/** What to type for those that are missing. */
export function toInstall(programs: readonly string[]): string {
  return `apt-get install ${programs.map((program) => packages[program] ?? program).join(" ")}`;
}

/** The first line a program says about its version; "missing" where it is not installed. */
export function versionLine(program: string, ...parameters: string[]): string {
  // nginx and wrk say it on standard error, wrk with a failure.
  const script = '"$0" "$@" 2>&1 || true';
  const { stdout } = spawnSync("/bin/sh", ["-c", script, program, ...parameters], { encoding: "utf8" });
  return /not found/.test(stdout) ? "missing" : (stdout.split("\n")[0] ?? "").trim();
}

/** As "1.22.1"; undefined where it is not installed or does not tell. */
export function versionOf(program: string): string | undefined {
  return /\d+(\.\d+)+/.exec(versionLine(program, program === "nginx" ? "-v" : "--version"))?.[0];
}

/** As "nginx 1.22.1"; undefined where it is not installed. */
export function programVersion(program: string): string | undefined {
  const version = versionOf(program);
  return version && `${program} ${version}`;
}
