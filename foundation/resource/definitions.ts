/**
 * The schema of everything a user can ask for, as JSON Schema 2020-12. Types, validation, OpenAPI, the editors'
 * schema and the CLI's help are derived from this one literal.
 */
export const definitions = {
  Name: {
    type: "string",
    // A DNS label (RFC 1123): names become host names, file names and labels, and can carry no shell or path syntax.
    pattern: "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
    description: "A DNS label: lower-case letters, digits and inner hyphens, at most 40 characters.",
    examples: ["web"],
  },
  SecretName: {
    type: "string",
    pattern: "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?){0,2}$",
    description: "A name, or up to three joined by dots: a store's password is store.APP.STORE.",
    examples: ["api-key"],
  },
  Duration: {
    type: "string",
    pattern: "^[0-9]{1,9}(\\.[0-9]{1,3})?(ms|s|m|h)$",
    description: 'A length of time such as "500ms", "10s" or "5m".',
    examples: ["10s"],
  },
  Size: {
    type: "string",
    pattern: "^[0-9]{1,9}(\\.[0-9]{1,3})?(KiB|MiB|GiB)$",
    description: 'An amount of memory or disk such as "256MiB".',
    examples: ["256MiB"],
  },
  Command: {
    type: "array",
    items: { type: "string", maxLength: 131072, pattern: "^[^\\u0000]*$" },
    minItems: 1,
    maxItems: 1024,
    description:
      "An argument vector, run without a shell. ${PORT} and ${HOST} are replaced by the instance's own.",
    examples: [["node", "server.mjs", "--port", "${PORT}"]],
  },
  Probe: {
    type: "object",
    description: "How to ask an instance a yes-or-no question: exactly one of http, tcp or exec.",
    properties: {
      http: {
        type: "string",
        pattern: "^/[\\x21-\\x7e]*$",
        maxLength: 2048,
        description: "Path to GET on the instance's port; 200 to 399 is a yes.",
        examples: ["/health"],
      },
      tcp: { const: true, description: "Yes when the instance's port accepts a connection." },
      exec: {
        $ref: "#/$defs/Command",
        description: "Yes when this command exits with 0.",
        examples: [["pg_isready", "--quiet"]],
      },
      period: {
        $ref: "#/$defs/Duration",
        description: "Time between two probes. Default: 5s; while starting, 200ms.",
      },
      timeout: { $ref: "#/$defs/Duration", description: "After this the answer is no. Default: 2s." },
      successThreshold: {
        type: "integer",
        minimum: 1,
        maximum: 100,
        description: "Yeses in a row to turn good. Default: 1.",
        examples: [2],
      },
      failureThreshold: {
        type: "integer",
        minimum: 1,
        maximum: 10000,
        description: "Noes in a row to turn bad. Default: 3; for startup, 150.",
        examples: [5],
      },
    },
    additionalProperties: false,
  },
  Health: {
    type: "object",
    description: "Without any, an instance is ready once its port accepts a connection.",
    examples: [{ ready: { http: "/health" } }],
    properties: {
      startup: {
        $ref: "#/$defs/Probe",
        description:
          "Must say yes once before the others begin; its thresholds bound how long a start may take.",
      },
      ready: { $ref: "#/$defs/Probe", description: "Requests are sent only while this says yes." },
      live: { $ref: "#/$defs/Probe", description: "The instance is restarted when this says no." },
    },
    additionalProperties: false,
  },
  After: {
    type: "object",
    additionalProperties: {
      enum: ["started", "ready", "completed"],
      description:
        "started: they have begun; ready: they take requests; completed: they have ended without a fault.",
    },
    maxProperties: 100,
    examples: [{ migrate: "completed", db: "ready" }],
    description:
      "What services of the app must have come to before an instance of this one starts. Those of earlier releases go on serving meanwhile.",
  },
  ExternalAddress: {
    type: "string",
    maxLength: 300,
    pattern:
      "^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*|\\[[0-9A-Fa-f:.]{2,45}\\]):[1-9][0-9]{0,4}$",
    description:
      'Where it listens, as "HOST:PORT": "127.0.0.1:5432", "db.example.org:5432", "[fd00::1]:5432".',
    examples: ["127.0.0.1:5432"],
  },
  PublishedPort: {
    type: "string",
    pattern:
      "^(([0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9A-Fa-f:.]{2,45}\\]):)?[1-9][0-9]{0,4}(:[1-9][0-9]{0,4})?$",
    description:
      'A port of the machine, as "PORT" on this machine alone, or "ADDRESS:PORT", with ":TARGET" behind it for another of the service\'s ports than its own.',
    examples: ["0.0.0.0:8080"],
  },
  Resources: {
    type: "object",
    description: "How much of the machine each instance may use. Default: as much as there is.",
    properties: {
      memory: { $ref: "#/$defs/Size", description: "Most memory the instance may use." },
      cpu: {
        type: "number",
        minimum: 0.01,
        maximum: 1024,
        description: "Most CPUs' worth of time the instance may use.",
        examples: [0.5],
      },
      processes: {
        type: "integer",
        minimum: 1,
        maximum: 4194304,
        description: "Most processes and threads the instance may have.",
        examples: [100],
      },
      disk: {
        $ref: "#/$defs/Size",
        description:
          "Most the instance may write to files of its own, volumes not among them; one that has written more is ended. For images and `isolate`.",
      },
      enforce: {
        enum: ["required", "best-effort"],
        description:
          "Whether a limit this machine cannot enforce is refused or only reported. Default: required.",
      },
    },
    additionalProperties: false,
  },
  Deploy: {
    type: "object",
    description: "How long is waited while instances are replaced.",
    properties: {
      grace: { $ref: "#/$defs/Duration", description: "Time between SIGTERM and SIGKILL. Default: 10s." },
      drain: {
        $ref: "#/$defs/Duration",
        description: "Longest wait for requests under way before an old instance is stopped. Default: 30s.",
      },
      hold: {
        $ref: "#/$defs/Duration",
        description: "Longest time a request waits in the proxy while no instance is ready. Default: 10s.",
      },
    },
    additionalProperties: false,
  },
  Timeout: {
    type: "object",
    description: "When a request to the service is given up: with 504, or gRPC's deadline exceeded.",
    properties: {
      request: {
        $ref: "#/$defs/Duration",
        description: "For all of a request, waiting and sending again included. Default: none.",
      },
      response: {
        $ref: "#/$defs/Duration",
        description:
          "From the end of a request to the head of its answer, each time it is sent. Default: none.",
      },
      idle: {
        $ref: "#/$defs/Duration",
        description:
          "Without a byte from either side. Default: 5m; HTTP/2 answers that have begun may pause for ever.",
      },
    },
    additionalProperties: false,
  },
  Retry: {
    type: "object",
    description:
      "When a request is sent again because of its answer, to another instance if there is one. Never once an answer was passed on, nor beyond a budget: a fifth of the caller's requests, or ten a second.",
    properties: {
      limit: {
        type: "integer",
        minimum: 0,
        maximum: 10,
        description: "How often one request is sent again; 0 is never. Default: 1.",
        examples: [2],
      },
      on: {
        type: "array",
        items: {
          anyOf: [
            {
              enum: ["5xx", "gateway-error"],
              description: "gateway-error stands for 502, 503 and 504.",
            },
            { type: "string", pattern: "^[45][0-9]{2}$" },
          ],
        },
        uniqueItems: true,
        maxItems: 20,
        description:
          'HTTP statuses that are tried again, such as "429", or 5xx, gateway-error. Default: gateway-error.',
        examples: [["gateway-error", "429"]],
      },
      grpc: {
        type: "array",
        items: {
          enum: ["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"],
        },
        uniqueItems: true,
        description:
          "gRPC statuses that are tried again, while nothing but them was answered. Default: unavailable.",
        examples: [["unavailable"]],
      },
      methods: {
        type: "array",
        items: { type: "string", pattern: "^[A-Z]{1,20}$" },
        uniqueItems: true,
        maxItems: 20,
        description:
          "HTTP methods that may be sent twice. Default: GET, HEAD, OPTIONS, TRACE, PUT and DELETE. gRPC calls go by their status.",
        examples: [["GET", "HEAD"]],
      },
    },
    additionalProperties: false,
  },
  Breaker: {
    type: "object",
    description:
      "When an instance is left out for its answers: 5xx, or a gRPC status that is the server's failure. At least half of the instances stay in, and none is left out where the others fail alike.",
    examples: [{ failures: 20 }],
    properties: {
      failures: {
        type: "integer",
        minimum: 1,
        maximum: 1000000,
        description: "Failed answers in a row. Default: 7.",
        examples: [20],
      },
      successRate: {
        type: "number",
        minimum: 0,
        maximum: 1,
        description:
          "Share of answers that must succeed, over ten seconds and from ten answers on. Default: 0.8.",
        examples: [0.5],
      },
      penalty: {
        $ref: "#/$defs/Duration",
        description:
          "For how long at first; doubled each time one request shows that it still fails. Default: 1s.",
      },
      penaltyMax: { $ref: "#/$defs/Duration", description: "For how long at most. Default: 60s." },
    },
    additionalProperties: false,
  },
  Policy: {
    type: "object",
    description: "How the proxy treats requests to the service. Sensible without any.",
    properties: {
      timeout: { $ref: "#/$defs/Timeout" },
      retry: { $ref: "#/$defs/Retry" },
      breaker: {
        anyOf: [
          { const: false, description: "Only instances that cannot be reached are left out." },
          { $ref: "#/$defs/Breaker" },
        ],
        description: "When an instance is left out for its answers; false turns that off.",
        examples: [{ failures: 20 }],
      },
    },
    additionalProperties: false,
  },
  RouteMatch: {
    type: "object",
    description:
      "Which requests a route takes: all that is said here must be so. At most one of path, pathPrefix and grpc.",
    properties: {
      path: {
        type: "string",
        pattern: "^/[\\x21\\x22\\x24-\\x3e\\x40-\\x7e]*$",
        maxLength: 1024,
        description:
          "The whole path, without its query. Paths are compared as instances resolve them: escapes, empty segments and dot segments are undone first.",
        examples: ["/orders/today"],
      },
      pathPrefix: {
        type: "string",
        pattern: "^/[\\x21\\x22\\x24-\\x3e\\x40-\\x7e]*$",
        maxLength: 1024,
        description: "What the path begins with, in whole segments: /api stands for /api and /api/users.",
        examples: ["/api"],
      },
      grpc: {
        type: "string",
        pattern:
          "^[A-Za-z_][A-Za-z0-9_]{0,127}(\\.[A-Za-z_][A-Za-z0-9_]{0,127}){0,15}(/[A-Za-z_][A-Za-z0-9_]{0,127})?$",
        description: 'gRPC calls of one service or method: "package.Service" or "package.Service/Method".',
        examples: ["shop.v1.Orders/Place"],
      },
      method: {
        type: "array",
        items: { type: "string", pattern: "^[A-Z]{1,20}$" },
        uniqueItems: true,
        minItems: 1,
        maxItems: 20,
        description: "Any of these HTTP methods. Default: all.",
        examples: [["GET", "HEAD"]],
      },
      headers: {
        type: "object",
        propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$" },
        additionalProperties: {
          type: "string",
          pattern: "^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$",
          maxLength: 1024,
        },
        minProperties: 1,
        maxProperties: 10,
        description:
          "All of these headers with exactly these values; of headers sent several times, all values joined by commas.",
        examples: [{ "x-tenant": "acme" }],
      },
    },
    minProperties: 1,
    additionalProperties: false,
  },
  RoutePolicy: {
    type: "object",
    description:
      "How the proxy treats requests of the route. What is not said is as in the service's policy; the breaker is the service's alone, as its instances are.",
    properties: {
      timeout: { $ref: "#/$defs/Timeout" },
      retry: { $ref: "#/$defs/Retry" },
    },
    additionalProperties: false,
  },
  ServiceRoute: {
    type: "object",
    description: "A route: which requests it takes, and how they are treated.",
    properties: {
      name: {
        $ref: "#/$defs/Name",
        description:
          'Under which `plinth routes`, tap and metrics show its requests. Those of no route are shown as "default".',
        examples: ["orders"],
      },
      match: { $ref: "#/$defs/RouteMatch" },
      policy: { $ref: "#/$defs/RoutePolicy" },
    },
    required: ["name", "match"],
    additionalProperties: false,
  },
  EnvironmentValue: {
    description: "Text, or { secret: NAME }.",
    examples: ["info"],
    anyOf: [
      { type: "string", maxLength: 131072, pattern: "^[^\\u0000]*$" },
      {
        type: "object",
        properties: {
          secret: {
            $ref: "#/$defs/SecretName",
            description: "Name of a secret set with `plinth secrets set`.",
          },
        },
        required: ["secret"],
        additionalProperties: false,
      },
    ],
  },
  AbsolutePath: {
    type: "string",
    pattern: "^/[^\\u0000]*$",
    maxLength: 4096,
    description: "An absolute path.",
    examples: ["/srv/app"],
  },
  Digest: {
    type: "string",
    pattern: "^sha256:[0-9a-f]{64}$",
    description: "A SHA-256 as OCI writes it.",
  },
  BuiltImage: {
    type: "object",
    description: "An image made of another and files of the project, when the app is deployed.",
    properties: {
      base: {
        type: "string",
        minLength: 1,
        maxLength: 4096,
        pattern: "^[^\\s\\u0000]*$",
        description: "The image it is made from, named as `image` is. Default: an empty one.",
        examples: ["node:26"],
      },
      copy: {
        type: "object",
        propertyNames: { pattern: "^[^\\u0000]{1,4096}$" },
        additionalProperties: { $ref: "#/$defs/AbsolutePath" },
        minProperties: 1,
        maxProperties: 100,
        description: "Where files and folders, relative to the config file, stand in the image.",
        examples: [{ "./dist": "/srv" }],
      },
      command: {
        $ref: "#/$defs/Command",
        description: "What it runs. Default: as its base does.",
        examples: [["node", "/srv/server.mjs"]],
      },
    },
    required: ["copy"],
    additionalProperties: false,
  },
  Image: {
    anyOf: [
      { type: "string", minLength: 1, maxLength: 4096, pattern: "^[^\\s\\u0000]*$" },
      { $ref: "#/$defs/BuiltImage" },
    ],
    description:
      'An OCI image: "redis:7", "registry.example/app@sha256:…", "oci:./folder", "archive:./file.tar", or { base, copy, command }.',
    examples: ["redis:7"],
  },
  Volumes: {
    type: "object",
    propertyNames: {
      pattern: "^([a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?|\\.{1,2}(/[^\\u0000]*)?|/[^\\u0000]*)$",
      description: 'a volume\'s name, or a path that begins with "./", "../" or "/"',
    },
    additionalProperties: {
      type: "string",
      pattern: "^/[^:\\u0000]*(:(ro|rw))?$",
      maxLength: 4096,
      description: 'An absolute path in the sandbox, with ":ro" behind it to forbid writing.',
    },
    maxProperties: 100,
    description:
      "What is kept, and where the service sees it: a name is a volume of the app, which outlives instances and releases; a path is a file or folder of the host, relative to the config file.",
    examples: [{ data: "/data", "./site.conf": "/etc/site.conf:ro" }],
  },
  Tmpfs: {
    type: "object",
    propertyNames: { pattern: "^/[^:\\u0000]*$", description: "an absolute path" },
    additionalProperties: { $ref: "#/$defs/Size" },
    maxProperties: 100,
    description: "Folders in memory, empty at each start, by path; each may hold so much.",
    examples: [{ "/tmp": "64MiB" }],
  },
  Capability: {
    type: "string",
    pattern: "^(ALL|(CAP_)?[A-Z][A-Z_]{2,30})$",
    description: 'A Linux capability such as "NET_BIND_SERVICE", or "ALL".',
    examples: ["NET_BIND_SERVICE"],
  },
  Capabilities: {
    type: "object",
    description: "Changes to the capabilities that a sandbox has: Docker's, without MKNOD and NET_RAW.",
    properties: {
      add: {
        type: "array",
        items: { $ref: "#/$defs/Capability" },
        uniqueItems: true,
        maxItems: 50,
        description: "What it may in addition.",
      },
      drop: {
        type: "array",
        items: { $ref: "#/$defs/Capability" },
        uniqueItems: true,
        maxItems: 50,
        description: 'What it may not; taken away before `add`, so that drop: ["ALL"] leaves only those.',
        examples: [["ALL"]],
      },
    },
    additionalProperties: false,
  },
  Source: {
    type: "object",
    readOnly: true,
    description: "The copy of the service's files that a release keeps. Written by `plinth up`, not by hand.",
    properties: {
      directory: {
        type: "string",
        pattern: "^/[^\\u0000]*$",
        description: "Where instances run, inside the kept copy.",
      },
      digest: {
        type: "string",
        pattern: "^sha256:[0-9a-f]{64}$",
        description: "Fingerprint of the files this service can see.",
      },
    },
    required: ["directory", "digest"],
    additionalProperties: false,
  },
  EgressTarget: {
    type: "string",
    maxLength: 253,
    pattern:
      "^(\\*|(\\*\\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*|[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?)$",
    description: 'A host name such as "example.org" or "*.example.org", an IPv4 address or a CIDR block.',
    examples: ["*.example.org"],
  },
  Egress: {
    type: "object",
    description: "Where the service may connect to outside of the mesh. Without it: anywhere.",
    properties: {
      allow: {
        type: "array",
        items: { $ref: "#/$defs/EgressTarget" },
        uniqueItems: true,
        maxItems: 200,
        description: "Where it may connect to. With this list, even an empty one, all else is denied.",
      },
      deny: {
        type: "array",
        items: { $ref: "#/$defs/EgressTarget" },
        uniqueItems: true,
        maxItems: 200,
        description:
          "Where it may not. Of all entries that match the most specific decides; of equals, deny.",
      },
    },
    additionalProperties: false,
  },
  Logs: {
    type: "object",
    properties: {
      remap: {
        type: "string",
        minLength: 1,
        maxLength: 65536,
        description:
          "A program of the Vector Remap Language: what becomes of each line, in `plinth logs --json` and the dashboard. Its event has `message`, the line, and `app`, `service` and `instance`.",
        examples: [". = object!(parse_json!(.message))"],
      },
    },
    additionalProperties: false,
    description: "What its lines are read as. They are kept as they were written.",
  },
  ServiceSpec: {
    type: "object",
    description: "A service: a command, an image or an address, and how its instances are run and called.",
    properties: {
      command: {
        $ref: "#/$defs/Command",
        description:
          "An argument vector, run without a shell; with `image`, in place of the image's own command. ${PORT} and ${HOST} are replaced by the instance's own.",
        examples: [["node", "server.mjs", "--port", "${PORT}"]],
      },
      image: { $ref: "#/$defs/Image" },
      address: {
        anyOf: [
          { $ref: "#/$defs/ExternalAddress" },
          {
            type: "array",
            items: { $ref: "#/$defs/ExternalAddress" },
            minItems: 1,
            maxItems: 100,
            uniqueItems: true,
          },
        ],
        description:
          "A program that runs by itself and that Plinth only connects to, checks and counts: where it listens, or where several of it do.",
      },
      entrypoint: {
        type: "array",
        items: { type: "string", maxLength: 131072, pattern: "^[^\\u0000]*$" },
        maxItems: 1024,
        description:
          "In place of the image's entrypoint, whose command is then left out, too; `command` comes behind it.",
        examples: [["/usr/bin/tini", "--"]],
      },
      isolate: {
        const: true,
        description:
          "A command runs in a sandbox, with a read-only view of the machine's system and its own files only.",
      },
      workdir: {
        $ref: "#/$defs/AbsolutePath",
        description: "Working directory in the image. Default: the image's own.",
      },
      user: {
        type: "string",
        pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$",
        description:
          'As whom it runs: "name", "uid", or either with ":group". Default: as the image says, else root.',
        examples: ["web"],
      },
      volumes: { $ref: "#/$defs/Volumes" },
      tmpfs: { $ref: "#/$defs/Tmpfs" },
      readOnlyRootfs: {
        type: "boolean",
        description: "Whether only volumes and tmpfs can be written to. Default: false.",
      },
      capabilities: { $ref: "#/$defs/Capabilities" },
      seccomp: {
        type: "string",
        minLength: 1,
        maxLength: 4096,
        pattern: "^[^\\u0000]*$",
        description:
          "Which system calls it may make: a profile in OCI's JSON, relative to the config file, or \"unconfined\". Default: Docker's profile.",
        examples: ["./seccomp.json"],
      },
      apparmor: {
        type: "string",
        pattern: "^[^\\s\\u0000]{1,255}$",
        description: "An AppArmor profile that the machine has loaded. Default: none.",
        examples: ["docker-default"],
      },
      stopSignal: {
        enum: ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGKILL"],
        description: "How it is asked to end. Default: as the image says, else SIGTERM.",
      },
      runtime: {
        type: "string",
        pattern: "^(plinth|crun|runc|/[^\\u0000]{1,4095})$",
        description:
          'What makes the container: "plinth", "crun", "runc" or the path of one of the two. Default: plinth.',
        examples: ["crun"],
      },
      cwd: {
        type: "string",
        minLength: 1,
        maxLength: 4096,
        pattern: "^[^\\u0000]*$",
        description:
          "A command's working directory, relative to the config file. Default: the config file's directory.",
        examples: ["./web"],
      },
      replicas: {
        type: "integer",
        minimum: 0,
        maximum: 100,
        description: "How many instances run. Default: 1.",
        examples: [2],
      },
      port: {
        type: "integer",
        minimum: 1,
        maximum: 65535,
        description:
          "A fixed port instead of ${PORT}. In cooperative mode one instance runs per host then, and deploys stop it first.",
        examples: [5432],
      },
      protocol: {
        enum: ["auto", "http", "http2", "grpc", "tcp"],
        description:
          "What the service speaks. `auto`: each connection tells by its first bytes; `http` is HTTP/1, `http2` and `grpc` are HTTP/2 without TLS, `tcp` is passed on unread. Default: auto.",
      },
      extraPorts: {
        type: "array",
        items: { type: "integer", minimum: 1, maximum: 65535 },
        uniqueItems: true,
        maxItems: 20,
        description:
          "Further ports that instances listen on, besides `port`. In transparent mode alone, and among instances of one host.",
        examples: [[9090]],
      },
      publish: {
        type: "array",
        items: { $ref: "#/$defs/PublishedPort" },
        uniqueItems: true,
        maxItems: 50,
        description:
          'Ports of the machine under which the service is reached from outside, whatever it speaks: "5432", "0.0.0.0:8080".',
      },
      aliases: {
        type: "array",
        items: { type: "string", pattern: "^[a-z0-9_]([a-z0-9_.-]{0,61}[a-z0-9_])?$" },
        uniqueItems: true,
        maxItems: 20,
        description: "Further names by which services of the app dial it, in transparent mode.",
        examples: [["database"]],
      },
      health: {
        anyOf: [
          {
            const: false,
            description: "For what listens on nothing: it is ready once it has run for two seconds.",
          },
          { $ref: "#/$defs/Health" },
        ],
        description: "How it is asked whether it is ready; false for what listens on nothing.",
        examples: [{ ready: { http: "/health" } }],
      },
      after: { $ref: "#/$defs/After" },
      logs: { $ref: "#/$defs/Logs" },
      env: {
        type: "object",
        propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,255}$" },
        additionalProperties: { $ref: "#/$defs/EnvironmentValue" },
        maxProperties: 1000,
        description: "Environment variables: text, or { secret: NAME }.",
        examples: [{ LOG: "info", API_KEY: { secret: "api-key" } }],
      },
      calls: {
        type: "array",
        items: { $ref: "#/$defs/Name" },
        uniqueItems: true,
        maxItems: 100,
        description: "Services this one calls; each is handed over as PLINTH_<SERVICE>_URL, _HOST and _PORT.",
        examples: [["catalog"]],
      },
      resources: { $ref: "#/$defs/Resources" },
      deploy: { $ref: "#/$defs/Deploy" },
      egress: { $ref: "#/$defs/Egress" },
      policy: { $ref: "#/$defs/Policy" },
      routes: {
        type: "array",
        items: { $ref: "#/$defs/ServiceRoute" },
        maxItems: 50,
        description:
          "Requests with settings of their own, in HTTP and gRPC. The first route that takes a request decides; without one the service's policy does.",
      },
      restart: {
        enum: ["always", "on-failure", "never"],
        description: "What to do when the main process ends. Default: always.",
      },
      hosts: {
        type: "array",
        items: { $ref: "#/$defs/Name" },
        minItems: 1,
        uniqueItems: true,
        maxItems: 100,
        description: "The hosts its instances may run on. Default: every host there is.",
        examples: [["beta"]],
      },
      source: { $ref: "#/$defs/Source" },
      imageDigest: {
        $ref: "#/$defs/Digest",
        readOnly: true,
        description: "The image's manifest, as it was found. Written by `plinth up`, not by hand.",
      },
      store: {
        const: true,
        readOnly: true,
        description:
          "It is a store: one instance, which alone holds its data. Written by `plinth up` from `stores`, not by hand.",
      },
    },
    additionalProperties: false,
  },
  Services: {
    type: "object",
    propertyNames: { $ref: "#/$defs/Name" },
    additionalProperties: { $ref: "#/$defs/ServiceSpec" },
    minProperties: 1,
    maxProperties: 500,
    description: "The app's services by name.",
  },
  Store: {
    type: "object",
    description:
      "An etcd for the app. Services that name it in `calls` are handed its URL, with a password of its own, as PLINTH_<STORE>_URL.",
    properties: {
      quota: {
        $ref: "#/$defs/Size",
        description: "How much it holds, history included, before it refuses writes. Default: 2GiB.",
        examples: ["4GiB"],
      },
      retention: {
        $ref: "#/$defs/Duration",
        description: "How long replaced and deleted values can still be read and watched. Default: 1h.",
        examples: ["24h"],
      },
      host: {
        $ref: "#/$defs/Name",
        description: "The host that keeps its data. Default: the first one.",
        examples: ["beta"],
      },
      url: {
        $ref: "#/$defs/EnvironmentValue",
        description:
          'An etcd cluster in its place, handed over as it is: "etcd://HOST:PORT,HOST:PORT", or { secret: NAME }.',
        examples: ["etcd://10.0.0.1:2379,10.0.0.2:2379"],
      },
    },
    additionalProperties: false,
  },
  Stores: {
    type: "object",
    propertyNames: { $ref: "#/$defs/Name" },
    additionalProperties: { $ref: "#/$defs/Store" },
    maxProperties: 100,
    description: "The app's stores by name. Names are not shared with services.",
    examples: [{ state: {} }],
  },
  Ingress: {
    type: "object",
    propertyNames: { pattern: "^(\\*|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$" },
    additionalProperties: { $ref: "#/$defs/Name" },
    maxProperties: 500,
    description: 'Which service answers for which host name; "*" stands for every other name.',
    examples: [{ "shop.localhost": "web" }],
  },
  AppSpec: {
    type: "object",
    properties: {
      services: { $ref: "#/$defs/Services" },
      ingress: { $ref: "#/$defs/Ingress" },
      directory: {
        type: "string",
        pattern: "^/[^\\u0000]*$",
        description: "Where the config file is. Written by `plinth up`.",
      },
    },
    required: ["services"],
    additionalProperties: false,
  },
  /** What stands in plinth.config.ts, .yaml or .json. */
  Config: {
    type: "object",
    description: "An app: what runs, and who is let in.",
    properties: {
      $schema: {
        type: "string",
        description: "Where `plinth validate --schema` was written to, for editors.",
        examples: ["./plinth.schema.json"],
      },
      name: { $ref: "#/$defs/Name", description: "The app's name.", examples: ["shop"] },
      services: { $ref: "#/$defs/Services" },
      stores: { $ref: "#/$defs/Stores" },
      ingress: { $ref: "#/$defs/Ingress" },
    },
    required: ["name", "services"],
    additionalProperties: false,
  },
  Failure: {
    type: "object",
    description: "Why a release was halted, with what was seen last.",
    properties: {
      service: { type: "string" },
      instance: { type: "string" },
      reason: { enum: ["CannotStart", "Crashed", "NotReady", "Evicted", "Refused"] },
      message: { type: "string" },
      exitCode: { type: "integer" },
      probe: { type: "string", description: "The last probe's answer." },
      log: { type: "array", items: { type: "string" }, description: "The last lines the instance wrote." },
    },
    required: ["service", "reason", "message"],
    additionalProperties: false,
  },
  AppStatus: {
    type: "object",
    properties: {
      observedGeneration: { type: "integer" },
      observedDeploy: { type: "string", description: "The deploy annotation this status answers." },
      phase: { enum: ["Progressing", "Healthy", "Degraded", "Failed", "Deleting"] },
      message: { type: "string" },
      activeRelease: { type: "integer", description: "The newest release that got ready as a whole." },
      targetRelease: { type: "integer", description: "The release instances are being brought to." },
      failedRelease: {
        type: "integer",
        description: "The newest release that was halted, until another gets ready.",
      },
      failure: { $ref: "#/$defs/Failure" },
      urls: { type: "array", items: { type: "string" } },
    },
    additionalProperties: false,
  },
  ServiceResourceSpec: {
    type: "object",
    properties: {
      app: { $ref: "#/$defs/Name" },
      service: { $ref: "#/$defs/Name" },
      replicas: { type: "integer" },
      calls: { type: "array", items: { $ref: "#/$defs/Name" } },
      port: { type: "integer" },
    },
    required: ["app", "service", "replicas", "calls"],
    additionalProperties: false,
  },
  ServiceStatus: {
    type: "object",
    properties: {
      phase: { enum: ["Progressing", "Ready", "Degraded", "Down"] },
      message: { type: "string" },
      replicas: { type: "integer", description: "Instances that exist." },
      updated: { type: "integer", description: "Instances of the target release." },
      ready: { type: "integer", description: "Instances that take requests." },
      restarts: { type: "integer" },
      addresses: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "Callers' addresses for this service, by caller.",
      },
    },
    additionalProperties: false,
  },
  InstanceSpec: {
    type: "object",
    properties: {
      app: { $ref: "#/$defs/Name" },
      service: { $ref: "#/$defs/Name" },
      release: { type: "integer" },
      revision: {
        type: "string",
        description:
          "Fingerprint of all that would make a different process; equal revisions are left running.",
      },
      driver: { type: "string" },
      port: { type: "integer" },
      address: {
        type: "string",
        description: "The instance's own address, in transparent mode. Default: 127.0.0.1.",
      },
      host: {
        $ref: "#/$defs/Name",
        description: "The joined host it runs on, which gives it address and port. Default: the first host.",
      },
    },
    required: ["app", "service", "release", "revision", "driver", "port"],
    additionalProperties: false,
  },
  InstanceStatus: {
    type: "object",
    properties: {
      state: {
        enum: [
          "Pending",
          "Starting",
          "Ready",
          "Unready",
          "Backoff",
          "Draining",
          "Stopping",
          "Exited",
          "Failed",
        ],
      },
      reason: { type: "string" },
      pid: { type: "integer" },
      startedAt: { type: "string", format: "date-time" },
      restarts: { type: "integer" },
      crashes: {
        type: "integer",
        description: "Runs in a row that ended before they had been ready for a minute.",
      },
      exitCode: {
        type: "integer",
        description: "How the last run ended; 128 + the signal's number for a signal.",
      },
      address: { type: "string", description: "HOST:PORT the instance serves on." },
      probe: { type: "string", description: "The last probe's answer." },
      exposed: { type: "string", description: "An address beyond loopback it was found listening on." },
      notices: {
        type: "array",
        items: { type: "string" },
        description: "What is weaker here than was asked for.",
      },
    },
    additionalProperties: false,
  },
  ReleaseSpec: {
    type: "object",
    properties: {
      app: { $ref: "#/$defs/Name" },
      number: { type: "integer", minimum: 1 },
      digest: { type: "string" },
      services: { $ref: "#/$defs/Services" },
      ingress: { $ref: "#/$defs/Ingress" },
      directory: { type: "string" },
      secrets: {
        type: "object",
        additionalProperties: { type: "integer" },
        description: "The version of each secret the release was made with.",
      },
    },
    required: ["app", "number", "digest", "services"],
    additionalProperties: false,
  },
  ReleaseStatus: {
    type: "object",
    properties: {
      phase: { enum: ["Progressing", "Active", "Superseded", "Failed"] },
      failure: { $ref: "#/$defs/Failure" },
      finishedAt: { type: "string", format: "date-time" },
    },
    additionalProperties: false,
  },
  HostSpec: { type: "object", properties: {}, additionalProperties: false },
  HostStatus: {
    type: "object",
    properties: {
      state: {
        enum: ["Joining", "Ready", "Leaving", "Left", "Lost"],
        description:
          "Instances are placed on Ready hosts only; those of a Leaving or Lost one are replaced elsewhere.",
      },
      reason: { type: "string" },
      address: { type: "string", description: "HOST:PORT at which other hosts reach its instances." },
      version: { type: "string" },
      mesh: { enum: ["transparent", "cooperative"] },
      cpus: { type: "integer", minimum: 1 },
      seenAt: { type: "string", format: "date-time", description: "The last report but for the newest few." },
    },
    additionalProperties: false,
  },
  SecretSpec: { type: "object", properties: {}, additionalProperties: false },
  SecretStatus: {
    type: "object",
    properties: { version: { type: "integer" }, updatedAt: { type: "string", format: "date-time" } },
    additionalProperties: false,
  },
  Metadata: {
    type: "object",
    properties: {
      name: { type: "string", pattern: "^[a-z0-9]([a-z0-9.-]{0,158}[a-z0-9])?$", maxLength: 160 },
      uid: { type: "string" },
      resourceVersion: { type: "string" },
      generation: { type: "integer", description: "Counts changes of spec." },
      creationTimestamp: { type: "string", format: "date-time" },
      deletionTimestamp: { type: "string", format: "date-time" },
      labels: { type: "object", maxProperties: 64, additionalProperties: { type: "string", maxLength: 256 } },
      annotations: {
        type: "object",
        maxProperties: 64,
        additionalProperties: { type: "string", maxLength: 65536 },
      },
    },
    required: ["name"],
    additionalProperties: false,
  },
  SignalRequest: {
    type: "object",
    properties: {
      signal: {
        enum: [
          "SIGTERM",
          "SIGKILL",
          "SIGINT",
          "SIGHUP",
          "SIGQUIT",
          "SIGUSR1",
          "SIGUSR2",
          "SIGSTOP",
          "SIGCONT",
        ],
        description: "The signal's name.",
      },
    },
    required: ["signal"],
    additionalProperties: false,
  },
  ExecRequest: {
    type: "object",
    properties: { command: { $ref: "#/$defs/Command" } },
    required: ["command"],
    additionalProperties: false,
  },
  TerminalSize: {
    type: "object",
    properties: {
      rows: { type: "integer", minimum: 1, maximum: 65535 },
      columns: { type: "integer", minimum: 1, maximum: 65535 },
    },
    required: ["rows", "columns"],
    additionalProperties: false,
  },
  SessionRequest: {
    type: "object",
    description: "What a session does: exactly one of command, read and write.",
    properties: {
      command: { $ref: "#/$defs/Command", description: "Runs it with the session's input." },
      terminal: { $ref: "#/$defs/TerminalSize", description: "It gets a terminal of this size." },
      terminalType: {
        type: "string",
        pattern: "^[A-Za-z0-9][A-Za-z0-9+._-]{0,63}$",
        description: "TERM in its environment.",
      },
      read: {
        $ref: "#/$defs/AbsolutePath",
        description: "Gives this file or folder of the instance as a tar archive.",
      },
      write: {
        $ref: "#/$defs/AbsolutePath",
        description: "Puts a tar archive of one file or folder there: into a folder, or in its place.",
      },
    },
    additionalProperties: false,
  },
  RollbackRequest: {
    type: "object",
    properties: {
      to: { type: "integer", minimum: 1, description: "A release's number. Default: the one active before." },
    },
    additionalProperties: false,
  },
  CallerRequest: {
    type: "object",
    properties: {
      service: { $ref: "#/$defs/Name", description: "Whom it calls." },
      caller: { $ref: "#/$defs/Name", description: "Under which name its calls are shown and counted." },
      revoke: { const: true, description: "Takes its address away." },
    },
    required: ["service", "caller"],
    additionalProperties: false,
  },
  JoinTokenRequest: {
    type: "object",
    properties: {
      address: {
        type: "string",
        maxLength: 64,
        description:
          "This host's address as others reach it. Default: the one chosen before, else its main one.",
      },
      host: { $ref: "#/$defs/Name", description: "The only host that may use it; also to join again." },
      lifeMs: { type: "integer", minimum: 1000, maximum: 86_400_000, description: "Default: half an hour." },
    },
    additionalProperties: false,
  },
  RotateRequest: {
    type: "object",
    properties: {
      now: {
        type: "boolean",
        description: "Renew every certificate and retire the old root at once. Default: a day later.",
      },
    },
    additionalProperties: false,
  },
  UpgradeRequest: {
    type: "object",
    properties: {
      process: { enum: ["proxy"] },
      runtime: { enum: ["node", "bun"], description: "Default: the one it runs on." },
    },
    required: ["process"],
    additionalProperties: false,
  },
  ShutdownRequest: {
    type: "object",
    properties: {
      instances: { type: "boolean", description: "Whether to stop the instances first." },
      graceMs: {
        type: "integer",
        minimum: 0,
        maximum: 3_600_000,
        description: "Instead of each service's own.",
      },
    },
    required: ["instances"],
    additionalProperties: false,
  },
} as const;
