import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { bootId } from "@plinth/process";
import { baseRules } from "./base-rules.ts";
import { findOrMakeBridge } from "./bridge.ts";
import { type EgressCounter, readCounters } from "./counters.ts";
import { decidedRanges, type EgressPolicy } from "./egress-policy.ts";
import { firewallNotices, listChains } from "./firewall.ts";
import { enableForwarding, restoreForwarding } from "./forwarding.ts";
import {
  egressRules,
  instanceRules,
  loopbackRules,
  removalRules,
  type RuledInstance,
} from "./instance-rules.ts";
import {
  addressKey,
  bridgeMac,
  INSTANCE_PORT,
  instanceMac,
  namespaceName,
  namespacePath,
  NAMESPACES,
  portName,
} from "./names.ts";
import {
  type PortRecord,
  readRecord,
  readRecords,
  removeRecord,
  writeNameFiles,
  writeRecord,
} from "./record.ts";
import { INSIDE_SETTINGS, setBridge } from "./settings.ts";
import { halfOf, parseSubnet, type Subnet } from "./subnet.ts";
import { allowResolved } from "./resolved.ts";
import type { TaskNetwork } from "./task-network.ts";
import { runTool } from "./tool.ts";

export interface HostNetworkOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The bridge is found again by it. */
  readonly homeId: string;
  /** Such as "10.213.0.0/16": instances in the lower half, virtual addresses in the upper, the gateway is its first. */
  readonly subnet: string;
  /** State of its own; nothing else may be in it. Instances read files in it, as whatever user they run. */
  readonly directory: string;
}

export interface Attachment {
  readonly id: string;
  readonly address: string;
  readonly egress: EgressPolicy;
  /** Where it serves. A program that listens there on 127.0.0.1 only is reached all the same. Default: no port. */
  readonly port?: number;
}

/** Ids become names of namespaces and directories. */
const ID_PATTERN = /^[a-z0-9][a-z0-9.-]{0,159}$/;
/** The host's side of transparent mode: bridge, namespaces, and the rules that make an address an identity. */
export class HostNetwork implements AsyncDisposable {
  /** The bridge's address: the name server listens there, port 53. */
  readonly gateway: string;
  /** Name of the bridge and of the nft tables. */
  readonly bridge: string;
  readonly #options: HostNetworkOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #directory: string;
  readonly #subnet: Subnet;
  readonly #mac: string;
  /** One deed after the other: the kernel's own locks would do the same to the tools. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: HostNetworkOptions, subnet: Subnet, bridge: string) {
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#directory = options.directory;
    this.#subnet = subnet;
    this.#mac = bridgeMac(options.homeId);
    this.bridge = bridge;
    this.gateway = subnet.gateway;
  }

  /** Takes over what an earlier daemon made, and makes what is missing. Fault "unsupported" where it cannot. */
  static async open(options: HostNetworkOptions): Promise<HostNetwork> {
    const subnet = parseSubnet(options.subnet);
    if (process.getuid?.() !== 0)
      throw new Fault("unsupported", "Cannot make networks for instances: it needs root", {
        hint: "Run Plinth as root, or in cooperative mode.",
      });
    mkdirSync(options.directory, { recursive: true, mode: 0o755 });
    const bridge = await findOrMakeBridge(options.homeId, options.clock);
    const network = new HostNetwork(options, subnet, bridge);
    await network.#serially(() => network.#open());
    return network;
  }

  /** Makes exactly these the virtual addresses the host holds. */
  setVirtualAddresses(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      if (halfOf(this.#subnet, address) !== "virtual")
        throw new Fault("invalid", `Cannot hold "${address}": it is not in ${this.#subnet.virtual}`);
    }
    return this.#serially(async () => {
      const held = new Set(await this.#heldAddresses());
      held.delete(this.gateway);
      const wanted = new Set(addresses);
      const commands = [
        ...[...held].filter((address) => !wanted.has(address)).map((address) => `addr del ${address}/32`),
        ...[...wanted].filter((address) => !held.has(address)).map((address) => `addr add ${address}/32`),
      ];
      if (commands.length > 0) await this.#ip(commands.map((command) => `${command} dev ${this.bridge}`));
    });
  }

  /** Makes the instance's namespace, port and rules; one that is there already keeps its connections. */
  attach(attachment: Attachment): Promise<TaskNetwork> {
    const { id, address, egress } = attachment;
    if (!ID_PATTERN.test(id)) throw new Fault("invalid", `Cannot attach "${id}": not a valid id`);
    if (halfOf(this.#subnet, address) !== "instances")
      throw new Fault("invalid", `Cannot attach "${id}": ${address} is not in ${this.#subnet.instances}`);
    decidedRanges(egress);
    return this.#serially(() => this.#attach(attachment));
  }

  setEgress(id: string, policy: EgressPolicy): Promise<void> {
    decidedRanges(policy);
    return this.#serially(async () => {
      const record = this.#attachedRecord(id);
      writeRecord(this.#directory, { ...record, egress: policy });
      await this.#nft(egressRules(this.#ruled(record), policy));
    });
  }

  /** Lets an instance connect to an address for a while, where its lists do not deny it: for host names allowed. */
  allowResolved(id: string, address: string, ttlSeconds: number): Promise<void> {
    return this.#serially(() => {
      const instance = this.#attachedRecord(id).address;
      const { homeId, subnet } = this.#options;
      return allowResolved({
        clock: this.#clock,
        homeId,
        subnet,
        instance,
        addresses: [address],
        ttlSeconds,
      });
    });
  }

  /** Removes everything of it; nothing happens when there is nothing. */
  detach(id: string): Promise<void> {
    if (!ID_PATTERN.test(id)) throw new Fault("invalid", `Cannot detach "${id}": not a valid id`);
    return this.#serially(() => this.#detach(id));
  }

  /** Ids of all that is there, whole or in part: for sweeping after a daemon's death. */
  attached(): Promise<string[]> {
    return this.#serially(() => Promise.resolve(this.#attachedIds()));
  }

  egressCounters(): Promise<EgressCounter[]> {
    return this.#serially(async () => {
      const ids = new Map(
        readRecords(this.#directory).map((record) => [this.#ruled(record).key, record.id] as const),
      );
      const listing = await runTool("nft", ["-j", "list", "table", "inet", this.bridge], {
        clock: this.#clock,
      });
      return readCounters(listing, (key) => ids.get(key));
    });
  }

  /** Makes anew what somebody else removed, such as `nft flush ruleset`. True when something was missing. */
  repair(): Promise<boolean> {
    return this.#serially(() => this.#ensureRules());
  }

  /** What on this machine is in the way, such as another firewall's policy; for `doctor` and `status`. */
  notices(): Promise<string[]> {
    return firewallNotices(this.#clock, this.bridge);
  }

  /** Removes everything of this home: namespaces, bridge, rules, addresses. */
  remove(): Promise<void> {
    return this.#serially(async () => {
      const ids = this.#attachedIds();
      await this.#ip([...ids.flatMap((id) => this.#removals(id)), `link del ${this.bridge}`], true);
      await this.#nft(
        ["bridge", "inet"]
          .map((family) => `add table ${family} ${this.bridge}\ndelete table ${family} ${this.bridge}\n`)
          .join(""),
      );
      const left = ids.find((id) => existsSync(namespacePath(this.bridge, id)));
      if (left !== undefined || existsSync(`/sys/class/net/${this.bridge}`))
        throw new Fault("unavailable", `Cannot remove ${left ?? this.bridge}: it is still there`);
      restoreForwarding();
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  /** Lets go without removing anything: instances keep their network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
  }

  #serially<T>(deed: () => Promise<T>): Promise<T> {
    const result = this.#last.then(deed);
    this.#last = result.catch(() => {});
    return result;
  }

  async #open(): Promise<void> {
    // Rules first: nothing may be reachable through a bridge that has none.
    await this.#ensureRules();
    setBridge(this.bridge);
    const stale = (await this.#heldAddresses()).filter(
      (address) => address !== this.gateway && halfOf(this.#subnet, address) !== "virtual",
    );
    await this.#ip([
      ...stale.map((address) => `addr del ${address} dev ${this.bridge}`),
      `addr replace ${this.gateway}/${this.#subnet.bits} dev ${this.bridge}`,
      `link set dev ${this.bridge} mtu 1500 up`,
    ]);
    if (enableForwarding()) this.#log.info("IP forwarding turned on", { bridge: this.bridge });
  }

  async #heldAddresses(): Promise<string[]> {
    const listed = JSON.parse(
      await runTool("ip", ["-j", "-4", "addr", "show", "dev", this.bridge], { clock: this.#clock }),
    ) as { addr_info?: { local: string }[] }[];
    return listed.flatMap(({ addr_info }) => (addr_info ?? []).map(({ local }) => local));
  }

  async #ensureRules(): Promise<boolean> {
    const { mark, text } = baseRules(this.bridge, this.#mac, this.#subnet);
    const chains = (await listChains(this.#clock)).filter(({ table }) => table === this.bridge);
    const has = (family: string, name: string): boolean =>
      chains.some((chain) => chain.family === family && chain.name === name);
    const records = readRecords(this.#directory).filter((record) => this.#isComplete(record));
    const isWhole =
      has("bridge", mark) &&
      has("inet", mark) &&
      records.every((record) => has("inet", `leave-${this.#ruled(record).key}`));
    if (isWhole) return false;
    const rules = records.map((record) => instanceRules(this.#ruled(record), record.egress));
    await this.#nft(`${text}${rules.join("")}`);
    return true;
  }

  async #attach({ id, address, egress, port }: Attachment): Promise<TaskNetwork> {
    const record: PortRecord = {
      id,
      address,
      port: port ?? null,
      egress,
      bootId: bootId(),
      complete: false,
    };
    const taken = readRecords(this.#directory).find((other) => other.address === address && other.id !== id);
    if (taken !== undefined)
      throw new Fault("conflict", `Cannot attach "${id}": ${address} belongs to "${taken.id}"`);
    const before = readRecord(this.#directory, id);
    const keeps = before?.address === address && before.port === record.port && this.#isComplete(before);
    if (!keeps) await this.#detach(id);
    writeRecord(this.#directory, { ...record, complete: keeps });
    const files = writeNameFiles(this.#directory, { id, address, gateway: this.gateway });
    await this.#ensureRules();
    if (keeps) await this.#nft(egressRules(this.#ruled(record), egress));
    else await this.#make(record);
    return { namespace: namespacePath(this.bridge, id), address, ...files };
  }

  async #make(record: PortRecord): Promise<void> {
    const { id, address, port } = record;
    const ruled = this.#ruled(record);
    const { bridge } = this;
    const own = portName(bridge, ruled.key);
    const namespace = namespaceName(bridge, id);
    const mac = instanceMac(address);
    try {
      await this.#ip([
        `netns add ${namespace}`,
        `link add ${own} type veth peer name ${INSTANCE_PORT} address ${mac} netns ${namespace}`,
        `link set dev ${own} master ${bridge} addrgenmode none`,
        // Nothing is learnt and nothing flooded: a port gets what is for its own address, and no more.
        `link set dev ${own} type bridge_slave isolated on learning off flood off mcast_flood off bcast_flood off`,
        `link set dev ${own} up`,
        `neigh replace ${address} lladdr ${mac} dev ${bridge} nud permanent`,
      ]);
      const path = namespacePath(bridge, id);
      const clock = this.#clock;
      await Promise.all([
        runTool("bridge", ["-batch", "-"], { clock, input: `fdb replace ${mac} dev ${own} master static\n` }),
        runTool("ip", ["-n", namespace, "-batch", "-"], { clock, input: this.#inside(address) }),
        runTool("nsenter", [`--net=${path}`, "sysctl", "-q", "-p", "-"], { clock, input: INSIDE_SETTINGS }),
        this.#nft(instanceRules(ruled, record.egress)),
        port === null
          ? undefined
          : runTool("nsenter", [`--net=${path}`, "nft", "-f", "-"], { clock, input: loopbackRules(port) }),
      ]);
    } catch (error) {
      await this.#detach(id).catch(() => {});
      throw new Fault("unavailable", `Cannot attach "${id}": ${messageOf(error)}`, { cause: error });
    }
    writeRecord(this.#directory, { ...record, complete: true });
  }

  /** The instance knows one neighbour, the host; everything goes through it. */
  #inside(address: string): string {
    return [
      "link set dev lo up",
      `link set dev ${INSTANCE_PORT} addrgenmode none`,
      `link set dev ${INSTANCE_PORT} up`,
      `addr add ${address}/32 dev ${INSTANCE_PORT}`,
      `route add ${this.gateway} dev ${INSTANCE_PORT} scope link src ${address}`,
      `route add default via ${this.gateway} src ${address}`,
      `neigh replace ${this.gateway} lladdr ${this.#mac} dev ${INSTANCE_PORT} nud permanent`,
      "",
    ].join("\n");
  }

  async #detach(id: string): Promise<void> {
    const record = readRecord(this.#directory, id);
    const commands = this.#removals(id);
    if (commands.length > 0) await this.#ip(commands, true);
    if (record !== undefined) {
      await this.#ensureRules();
      await this.#nft(removalRules(this.#ruled(record)));
    }
    if (existsSync(namespacePath(this.bridge, id)))
      throw new Fault("unavailable", `Cannot detach "${id}": its namespace is still there`);
    removeRecord(this.#directory, id);
  }

  /** What takes an instance's port and namespace away; some of it may be gone already. */
  #removals(id: string): string[] {
    const record = readRecord(this.#directory, id);
    const commands: string[] = [];
    if (record !== undefined) {
      commands.push(
        `link del ${portName(this.bridge, this.#ruled(record).key)}`,
        `neigh del ${record.address} dev ${this.bridge}`,
      );
    }
    if (existsSync(namespacePath(this.bridge, id)))
      commands.push(`netns del ${namespaceName(this.bridge, id)}`);
    return commands;
  }

  #attachedIds(): string[] {
    const prefix = namespaceName(this.bridge, "");
    const names = existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : [];
    const ids = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    return [...new Set([...ids, ...readRecords(this.#directory).map(({ id }) => id)])].sort();
  }

  #attachedRecord(id: string): PortRecord {
    const record = readRecord(this.#directory, id);
    if (record === undefined) throw new Fault("not-found", `Cannot find "${id}": it is not attached`);
    return record;
  }

  #isComplete(record: PortRecord): boolean {
    return (
      record.complete &&
      record.bootId === bootId() &&
      existsSync(`/sys/class/net/${portName(this.bridge, this.#ruled(record).key)}`) &&
      existsSync(namespacePath(this.bridge, record.id))
    );
  }

  #ruled({ address }: PortRecord): RuledInstance {
    return { bridge: this.bridge, key: addressKey(this.#subnet, address), address };
  }

  async #ip(commands: readonly string[], mayFail = false): Promise<void> {
    const parameters = mayFail ? ["-force", "-batch", "-"] : ["-batch", "-"];
    await runTool("ip", parameters, { clock: this.#clock, input: `${commands.join("\n")}\n`, mayFail });
  }

  async #nft(rules: string): Promise<void> {
    await runTool("nft", ["-f", "-"], { clock: this.#clock, input: rules });
  }
}
