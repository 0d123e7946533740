import { type KeyTable, brought, ignored, refused } from "./keys.ts";

const ONE_BY_ONE = "instances are replaced one by one, and a release that does not get ready is halted";
const MACHINES_NAMES = "names are resolved as the machine does";
const WEIGHTS = "CPU time is shared evenly below `resources.cpu`";
const SWAP = "a container's memory is limited with its swap";

/** Every key of a Compose file's root. */
export const FILE_KEYS: KeyTable = {
  name: brought,
  version: brought,
  services: brought,
  networks: brought,
  volumes: brought,
  secrets: brought,
  configs: brought,
  include: refused(
    "other files are not included",
    "name their services here, or deploy each as an app of its own",
  ),
  models: refused("models are not provided", "run what serves the model as a service"),
};

/** Every key of a Compose service. */
export const SERVICE_KEYS: KeyTable = {
  annotations: ignored("annotations are not kept"),
  attach: ignored("all services' logs are kept", "`plinth logs` shows those that are asked for"),
  blkio_config: ignored("reading and writing are not weighted"),
  build: brought,
  cap_add: brought,
  cap_drop: brought,
  cgroup: refused("the machine's control groups are not shared", undefined, /^private$/),
  cgroup_parent: ignored("Plinth arranges the control groups"),
  command: brought,
  configs: brought,
  container_name: brought,
  cpu_count: ignored("this is for Windows alone"),
  cpu_percent: ignored("this is for Windows alone"),
  cpu_period: ignored("the period is the kernel's own", "`cpus` says how much"),
  cpu_quota: ignored("the quota follows from `cpus`", "say `cpus`"),
  cpu_rt_period: ignored("there is no real-time scheduling"),
  cpu_rt_runtime: ignored("there is no real-time scheduling"),
  cpu_shares: ignored(WEIGHTS),
  cpus: brought,
  cpuset: ignored("instances are not bound to some of the CPUs"),
  credential_spec: refused("this is for Windows alone"),
  depends_on: brought,
  deploy: brought,
  develop: ignored("files are not watched", "`plinth up` again brings a change"),
  device_cgroup_rules: refused(
    "no device of the machine is opened",
    "run what needs one outside of a container",
  ),
  devices: refused(
    "no device of the machine is opened",
    "run what needs one with `command`, outside of a container",
  ),
  dns: ignored(MACHINES_NAMES),
  dns_opt: ignored(MACHINES_NAMES),
  dns_search: ignored(MACHINES_NAMES),
  domainname: ignored("instances have no domain"),
  driver_opts: ignored("there is no network driver"),
  entrypoint: brought,
  env_file: brought,
  environment: brought,
  expose: brought,
  extends: brought,
  external_links: refused("containers outside of the app are not reached by name", "say their address"),
  extra_hosts: refused(
    "further host names are not added",
    "say the address where the name is used; services are dialled by their own names",
  ),
  gpus: refused("no GPU is opened", "run what needs one with `command`, outside of a container"),
  group_add: refused("further groups are not given", "say the group it needs in `user`"),
  healthcheck: brought,
  hostname: brought,
  image: brought,
  init: ignored("a container's first process is Plinth's own anyway", undefined, /^true$/),
  ipc: refused("nobody's shared memory is joined", undefined, /^(private|shareable|none)$/),
  isolation: ignored("this is for Windows alone", undefined, /^default$/),
  label_file: ignored("labels are not kept"),
  labels: ignored("labels are not kept", "what a proxy would read from them is said in `ingress`"),
  links: brought,
  logging: ignored("Plinth keeps the logs itself", "`plinth logs` shows them"),
  mac_address: ignored("instances have no address of that kind"),
  mem_limit: brought,
  mem_reservation: ignored("no memory is set aside", "`mem_limit` says the most"),
  mem_swappiness: ignored(SWAP),
  memswap_limit: ignored(SWAP),
  models: refused("models are not provided", "run what serves the model as a service"),
  network_mode: brought,
  networks: brought,
  oom_kill_disable: ignored("what takes more memory than there is, is ended"),
  oom_score_adj: ignored("Plinth chooses what is ended first when memory is short"),
  pid: refused("nobody's processes are joined", undefined, /^private$/),
  pids_limit: brought,
  platform: brought,
  ports: brought,
  post_start: refused("nothing runs after a start", "do it in the command, or in a service of its own"),
  pre_stop: refused("nothing runs before a stop", "do it when SIGTERM comes"),
  privileged: refused("a container is never let out of its sandbox", "`cap_add` names what it needs"),
  profiles: brought,
  provider: refused("no other program provides a service", "say an image"),
  pull_policy: ignored("an image is fetched when it is not here", "`plinth image pull` fetches it anew"),
  pull_refresh_after: ignored(
    "an image is fetched when it is not here",
    "`plinth image pull` fetches it anew",
  ),
  read_only: brought,
  restart: brought,
  runtime: brought,
  scale: brought,
  secrets: brought,
  security_opt: brought,
  shm_size: brought,
  stdin_open: ignored("instances have no standard input", "`plinth exec` gives one"),
  stop_grace_period: brought,
  stop_signal: brought,
  storage_opt: ignored("the size of a container is not said so", "`resources.disk` says it"),
  sysctls: ignored("kernel settings stay as they are", "set them on the machine if they are needed"),
  tmpfs: brought,
  tty: ignored("instances have no terminal", "`plinth exec` gives one"),
  ulimits: ignored("limits are those of Plinth's own process", "raise them there if they are too low"),
  use_api_socket: refused("no container engine is handed over"),
  user: brought,
  userns_mode: ignored("Plinth chooses the user namespace"),
  uts: refused("the machine's host name is not shared"),
  volumes: brought,
  volumes_from: refused(
    "another service's volumes are not taken over",
    "name them under `volumes` here, too",
  ),
  working_dir: brought,
};

export const DEPLOY_KEYS: KeyTable = {
  endpoint_mode: ignored("requests are balanced by Plinth's proxy"),
  labels: ignored("labels are not kept"),
  mode: ignored("`replicas` instances run", "say `replicas`", /^replicated$/),
  placement: ignored("instances run on any host", "`hosts` in Plinth's config says which"),
  replicas: brought,
  resources: brought,
  restart_policy: brought,
  rollback_config: ignored(ONE_BY_ONE),
  update_config: ignored(ONE_BY_ONE),
};

export const RESOURCES_KEYS: KeyTable = { limits: brought, reservations: brought };
export const LIMITS_KEYS: KeyTable = {
  cpus: brought,
  memory: brought,
  pids: brought,
  devices: refused("no device of the machine is opened", "run what needs one outside of a container"),
};
export const RESERVATIONS_KEYS: KeyTable = {
  cpus: ignored("no CPU time is set aside", "`limits` says the most"),
  memory: ignored("no memory is set aside", "`limits` says the most"),
  pids: ignored("no processes are set aside"),
  devices: refused(
    "no device of the machine is opened",
    "run what needs one with `command`, outside of a container",
  ),
  generic_resources: ignored("hosts have no resources of that kind"),
};
export const RESTART_POLICY_KEYS: KeyTable = {
  condition: brought,
  delay: ignored("Plinth waits longer after each crash"),
  max_attempts: ignored("a service that crashes is tried again without end"),
  window: ignored("Plinth knows itself when a start has gone well"),
};

export const HEALTHCHECK_KEYS: KeyTable = {
  disable: brought,
  interval: brought,
  retries: brought,
  start_interval: brought,
  start_period: brought,
  test: brought,
  timeout: brought,
};

export const DEPENDS_ON_KEYS: KeyTable = {
  condition: brought,
  required: brought,
  restart: ignored("a service is not restarted with the one it depends on", "it dials it anew by its name"),
};

export const PORT_KEYS: KeyTable = {
  app_protocol: ignored("each connection tells by its first bytes what it speaks", "`protocol` says it"),
  host_ip: brought,
  mode: ignored("a port leads to the instances of all hosts", undefined, /^(host|ingress)$/),
  name: brought,
  protocol: brought,
  published: brought,
  target: brought,
};

export const MOUNT_KEYS: KeyTable = {
  bind: brought,
  consistency: brought,
  image: brought,
  read_only: brought,
  source: brought,
  target: brought,
  tmpfs: brought,
  type: brought,
  volume: brought,
};
export const MOUNT_BIND_KEYS: KeyTable = {
  create_host_path: brought,
  propagation: ignored("what is mounted later below it is not passed on"),
  recursive: ignored("what is mounted below it comes with it"),
  selinux: brought,
};
export const MOUNT_VOLUME_KEYS: KeyTable = {
  labels: ignored("labels are not kept"),
  nocopy: brought,
  subpath: refused("a part of a volume cannot be mounted", "use a volume of its own"),
};
export const MOUNT_TMPFS_KEYS: KeyTable = {
  mode: ignored("its mode is Plinth's choice"),
  size: brought,
};

export const SERVICE_NETWORK_KEYS: KeyTable = {
  aliases: brought,
  driver_opts: ignored("there is no network driver"),
  gw_priority: ignored("there is one way out"),
  interface_name: ignored("an instance has one interface"),
  ipv4_address: ignored("Plinth gives addresses", "dial services by their names"),
  ipv6_address: ignored("Plinth gives addresses", "dial services by their names"),
  link_local_ips: ignored("Plinth gives addresses"),
  mac_address: ignored("instances have no address of that kind"),
  priority: ignored("there is one network"),
};

export const NETWORK_KEYS: KeyTable = {
  attachable: ignored("only services of the app are on its networks"),
  driver: ignored("there is no network driver", undefined, /^(bridge|default)$/),
  driver_opts: ignored("there is no network driver"),
  enable_ipv4: ignored("instances have an IPv4 address", undefined, /^true$/),
  enable_ipv6: ignored("instances have an IPv4 address only"),
  external: refused(
    "a network outside of the app is not joined",
    "deploy its services in one app, or dial their published ports",
  ),
  internal: brought,
  ipam: ignored("Plinth gives addresses"),
  labels: ignored("labels are not kept"),
  name: ignored("networks have no names of their own"),
};

export const VOLUME_KEYS: KeyTable = {
  driver: refused(
    "there is no volume driver",
    "mount it on the machine and bind its folder",
    /^(local|default)$/,
  ),
  driver_opts: refused("there is no volume driver", "mount it on the machine and bind its folder"),
  external: refused(
    "a volume outside of the app is not used",
    "let the app have its own, and bring the data with `plinth cp`",
  ),
  labels: ignored("labels are not kept"),
  name: ignored("a volume is known by its key, in its app"),
};

/** Of top-level secrets and configs. */
export const FILE_OBJECT_KEYS: KeyTable = {
  content: brought,
  driver: refused("there is no driver of secrets", "`plinth secrets set` keeps one"),
  driver_opts: refused("there is no driver of secrets"),
  environment: brought,
  external: brought,
  file: brought,
  labels: ignored("labels are not kept"),
  name: ignored("it is known by its key"),
  template_driver: refused("nothing is filled in", "write the file as it shall be"),
};

/** Of a service's secrets and configs. */
export const FILE_MOUNT_KEYS: KeyTable = {
  gid: ignored("the file keeps its owner and mode"),
  mode: ignored("the file keeps its owner and mode"),
  source: brought,
  target: brought,
  uid: ignored("the file keeps its owner and mode"),
};

const WHO_BUILDS = "the build is buildah's or podman's own";
export const BUILD_KEYS: KeyTable = {
  additional_contexts: brought,
  args: brought,
  attestations: ignored(WHO_BUILDS),
  cache_from: ignored("layers of earlier builds are used again anyway"),
  cache_to: ignored("layers of earlier builds are used again anyway"),
  context: brought,
  dockerfile: brought,
  dockerfile_inline: brought,
  entitlements: refused("a build gets no further rights"),
  extra_hosts: refused("further host names are not added", "say the address where the name is used"),
  isolation: ignored(WHO_BUILDS),
  labels: ignored("labels are not kept"),
  network: ignored(WHO_BUILDS),
  no_cache: ignored("layers of earlier builds are used again"),
  platforms: ignored("it is built for this machine"),
  privileged: refused("a build is never let out of its sandbox"),
  provenance: ignored(WHO_BUILDS),
  pull: ignored("a base image that is here is used"),
  sbom: ignored(WHO_BUILDS),
  secrets: refused("a build gets no secrets", "build the image beforehand, and say `image`"),
  shm_size: ignored(WHO_BUILDS),
  ssh: refused("a build gets no keys", "build the image beforehand, and say `image`"),
  tags: ignored("the image is known by its service"),
  target: brought,
  ulimits: ignored(WHO_BUILDS),
};
