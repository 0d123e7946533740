import type { Argument, Command, Flag } from "./command.ts";

const load: Command["load"] = () => import("./commands/image.ts");

const image: Argument = {
  name: "IMAGE",
  kind: "text",
  summary: "a name or digest that `plinth image ls` shows",
};
const platform: Flag = {
  name: "platform",
  value: "OS/ARCH",
  kind: "text",
  summary: "default: this machine's",
};
const name: Flag = { name: "name", value: "NAME", kind: "text", summary: "what to call it here" };

/** Container images of a home. */
export const imageCommand: Command = {
  name: "image",
  summary: "container images: fetch, look at, build, keep and remove",
  description: [
    "A home keeps images and their layers, unpacked once for all apps, in its directory images. No daemon need run.",
    "IMAGE and REFERENCE are a name of a registry (redis:7 is docker.io/library/redis:7), oci:DIRECTORY[:TAG] for an OCI layout, or archive:FILE[:NAME] for what `docker save`, `podman save` or `plinth image export` wrote.",
  ],
  arguments: [],
  flags: [],
  examples: [
    { command: "plinth image pull redis:7 && plinth image ls", says: "fetch one, and see what is here" },
  ],
  subcommands: [
    {
      name: "pull",
      summary: "fetch an image and unpack it",
      description: [
        "What was fetched before a connection broke is not fetched again. Every byte is checked against its digest.",
        "Passwords are read from registry-auth.json in the home and from where `docker login` and `podman login` keep them; never from the command line.",
      ],
      arguments: [{ name: "REFERENCE", kind: "text", summary: "where the image is" }],
      flags: [
        platform,
        name,
        {
          name: "cacert",
          value: "FILE",
          kind: "path",
          summary: "certificate authorities of the registry's, in PEM",
        },
        { name: "mirror", value: "URL,...", kind: "text", summary: "asked before the registry" },
        { name: "plain-http", summary: "speak to the registry without TLS" },
      ],
      examples: [
        { command: "plinth image pull redis:7", says: "from Docker's hub" },
        { command: "plinth image pull oci:./images/redis", says: "from an OCI layout" },
        { command: "plinth image pull registry.example/app@sha256:…", says: "exactly this one" },
      ],
      load,
    },
    {
      name: "ls",
      summary: "list images",
      arguments: [],
      flags: [],
      examples: [{ command: "plinth image ls --json", says: "for programs" }],
      load,
    },
    {
      name: "inspect",
      summary: "show what an image runs and consists of",
      arguments: [image],
      flags: [],
      examples: [{ command: "plinth image inspect redis:7", says: "command, ports, user, layers" }],
      load,
    },
    {
      name: "rm",
      summary: "take an image's name away",
      description: ["What runs goes on. `plinth image gc` removes what then nothing refers to."],
      arguments: [{ ...image, many: true }],
      flags: [],
      examples: [{ command: "plinth image rm redis:7 && plinth image gc", says: "and make room" }],
      load,
    },
    {
      name: "import",
      summary: "take images from an archive",
      arguments: [
        { name: "FILE", kind: "path", summary: "a tar file of OCI's or Docker's form; - is standard input" },
      ],
      flags: [platform, name],
      examples: [{ command: "docker save app:1 | plinth image import -", says: "from Docker's own store" }],
      load,
    },
    {
      name: "export",
      summary: "write an image to an archive",
      description: ["An OCI archive that Docker, podman, skopeo and `plinth image import` read."],
      arguments: [
        image,
        { name: "FILE", kind: "path", summary: "must not be there yet; - is standard output" },
      ],
      flags: [],
      examples: [
        { command: "plinth image export app:1 - | ssh host plinth image import -", says: "to another host" },
      ],
      load,
    },
    {
      name: "build",
      summary: "make an image of files and another image",
      description: [
        "The same files give the same digest, whoever builds and when: owners are root, times fixed, and modes what Git keeps.",
      ],
      arguments: [
        { name: "NAME", kind: "text", summary: "what to call it" },
        {
          name: "COMMAND",
          kind: "command",
          optional: true,
          many: true,
          summary: "what it runs, after --; default: the base's",
        },
      ],
      flags: [
        {
          name: "base",
          value: "REFERENCE",
          kind: "text",
          summary: "what is below the files; default: nothing",
        },
        {
          name: "copy",
          value: "FROM=TO,...",
          kind: "text",
          summary: "files or directories here, and their paths in the image",
        },
        { name: "env", value: "NAME=VALUE,...", kind: "text", summary: "variables" },
        { name: "user", value: "USER[:GROUP]", kind: "text", summary: "who it runs as" },
        { name: "workdir", value: "PATH", kind: "text", summary: "where it runs" },
        { name: "expose", value: "PORT,...", kind: "text", summary: "ports it listens on" },
      ],
      examples: [
        {
          command: "plinth image build site:1 --base oci:./busybox --copy dist=/www -- httpd -f -h /www",
          says: "a folder and a program that serves it",
        },
      ],
      load,
    },
    {
      name: "gc",
      summary: "remove what no name, release or instance refers to",
      description: ["May run at any time, also while images are fetched and apps are deployed."],
      arguments: [],
      flags: [{ name: "dry-run", summary: "only say what would go" }],
      examples: [{ command: "plinth image gc --dry-run", says: "how much room there is to win" }],
      load,
    },
  ],
};
