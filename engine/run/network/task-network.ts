/** What a driver needs to put a task into its place in the network; the same for every driver. */
export interface TaskNetwork {
  /** Path of the network namespace, below /run/netns. */
  readonly namespace: string;
  /** The task's own address, which is its identity in the mesh. */
  readonly address: string;
  /** Path of what the task shall see as /etc/resolv.conf. */
  readonly resolvConf: string;
  /** Path of what the task shall see as /etc/hosts. */
  readonly hosts: string;
}
