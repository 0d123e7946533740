import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault, messageOf } from "@plinth/fault";

/** Where everything of one Plinth lies. */
export interface HomePaths {
  readonly directory: string;
  readonly apiSocket: string;
  readonly token: string;
  readonly daemonLock: string;
  readonly daemonRecord: string;
  readonly settings: string;
  readonly secretKey: string;
  /** The authority's roots with their keys. */
  readonly authority: string;
  /** What a joined host is known by. */
  readonly hostCredential: string;
  /** What an etcd cluster that holds the state is shown; made by its owner. */
  readonly etcdCredentials: string;
  /** Instances' sockets of the Workload API. */
  readonly workload: string;
  readonly state: string;
  readonly sources: string;
  readonly proxy: string;
  readonly proxyControl: string;
  readonly proxyRecord: string;
  readonly supervisorRecord: string;
  readonly supervisorLock: string;
  /** Which unit of systemd runs the daemon, where one does. */
  readonly service: string;
  /** Of what this home's processes compile; elsewhere when the environment says so, as for many homes of one program. */
  readonly compileCache: string;
  readonly instances: string;
  /** What apps' stores hold. */
  readonly data: string;
  /** What services keep, by app and name. */
  readonly volumes: string;
  readonly images: string;
  /** What `plinth up` has built of Dockerfiles, by app and service. */
  readonly builds: string;
  /** Of containers. */
  readonly init: string;
  readonly logs: string;
  /** Of instances' own networks. */
  readonly network: string;
  readonly daemonLog: string;
  readonly proxyLog: string;
  readonly supervisorLog: string;
}

/** sockaddr_un's path, less its closing zero (unix(7)). */
const SOCKET_PATH_BYTES_MAX = 107;

export function homePaths(directory: string): HomePaths {
  const inHome = (...names: string[]): string => join(directory, ...names);
  return {
    directory,
    apiSocket: inHome("plinth.sock"),
    token: inHome("token"),
    daemonLock: inHome("daemon.lock"),
    daemonRecord: inHome("daemon.json"),
    settings: inHome("settings.json"),
    secretKey: inHome("keys", "secrets.key"),
    authority: inHome("keys", "authority.json"),
    hostCredential: inHome("keys", "host.json"),
    etcdCredentials: inHome("keys", "etcd"),
    workload: inHome("workload"),
    state: inHome("state"),
    sources: inHome("sources"),
    proxy: inHome("proxy"),
    proxyControl: inHome("proxy", "control.sock"),
    proxyRecord: inHome("proxy", "proxy.json"),
    supervisorRecord: inHome("supervisor.json"),
    supervisorLock: inHome("supervisor.lock"),
    service: inHome("service.json"),
    compileCache: process.env["NODE_COMPILE_CACHE"] ?? inHome("cache"),
    instances: inHome("instances"),
    data: inHome("data"),
    volumes: inHome("volumes"),
    images: inHome("images"),
    builds: inHome("builds"),
    init: inHome("init"),
    logs: inHome("logs"),
    network: inHome("network"),
    daemonLog: inHome("daemon.log"),
    proxyLog: inHome("proxy.log"),
    supervisorLog: inHome("supervisor.log"),
  };
}

/** Makes the home's folders, private to their owner. */
export async function createHome(paths: HomePaths): Promise<void> {
  const longest = join(paths.proxy, "control.sock.99999999");
  if (Buffer.byteLength(longest) > SOCKET_PATH_BYTES_MAX) {
    throw new Fault(
      "invalid",
      `Cannot use "${paths.directory}" as home: its path is too long for a Unix socket`,
      {
        hint: `Choose one of at most ${SOCKET_PATH_BYTES_MAX - (longest.length - paths.directory.length)} bytes with --home.`,
      },
    );
  }
  try {
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Fault("forbidden", `Cannot use "${paths.directory}" as home: ${messageOf(error)}`, {
      cause: error,
      hint: "Name a folder of your own with --home or PLINTH_HOME; the default is ~/.plinth.",
    });
  }
  const { uid, mode } = await stat(paths.directory);
  if (uid !== process.getuid!()) {
    throw new Fault("forbidden", `Cannot use "${paths.directory}" as home: it belongs to user ${uid}`);
  }
  if ((mode & 0o022) !== 0) {
    throw new Fault("forbidden", `Cannot use "${paths.directory}" as home: others may write to it`, {
      hint: `Run: chmod go-w ${paths.directory}`,
    });
  }
  for (const directory of [paths.proxy, paths.instances, paths.logs, paths.state, paths.sources]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
}
