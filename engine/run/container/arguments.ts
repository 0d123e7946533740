import { Fault } from "@plinth/fault";
import type { ImageConfig } from "../image/image-config.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * What a container runs: its image's entrypoint and command, or what a service says in their place. An entrypoint of
 * the service's own leaves the image's command out, which was meant for another.
 */
export function argumentsOf(
  image: Pick<ImageConfig, "entrypoint" | "command">,
  own: { readonly entrypoint: readonly string[] | undefined; readonly command: readonly string[] },
): readonly string[] {
  const command = own.command.length > 0 || own.entrypoint !== undefined ? own.command : image.command;
  const all = [...(own.entrypoint ?? image.entrypoint), ...command];
  if (all.length === 0 || all[0] === "")
    throw new Fault("invalid", "Cannot start: the image names no command, and the service neither", {
      hint: "Say what it shall run: `command: [...]`.",
    });
  return all;
}

/** An image's environment with a service's over it. */
export function environmentIn(
  image: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  home: string | undefined,
): Record<string, string> {
  return { PATH: DEFAULT_PATH, ...(home === undefined ? {} : { HOME: home }), ...image, ...own };
}
