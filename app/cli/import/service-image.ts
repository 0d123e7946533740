import { checkKeys } from "./keys.ts";
import { type Part, child, isMap } from "./part.ts";
import { absolutePath } from "./paths.ts";
import { BUILD_KEYS } from "./service-keys.ts";
import type { ComposeService, ImageBuild, Translating } from "./translated.ts";

/** What a context is that is no folder of this machine. */
const REMOTE = /^(https?:\/\/|git:\/\/|ssh:\/\/|git@|docker-image:\/\/|oci-layout:\/\/)/;

/** The image that a service runs, or how it is made. */
export function imageOf(service: ComposeService, context: Translating): string | ImageBuild | undefined {
  const { notes, values } = context;
  const build = child(service.part, "build");
  if (build !== undefined) return buildOf(service.name, build, context);
  const image = child(service.part, "image");
  const text = values.text(image, "an image's name");
  if (text === undefined && image === undefined)
    notes.refused(service.part, "the service has neither an image nor a build", "say `image`, or `build`");
  return text;
}

function buildOf(service: string, part: Part, context: Translating): ImageBuild | undefined {
  const { notes, values, lookup } = context;
  if (isMap(part)) checkKeys(part, BUILD_KEYS, notes, values);
  const given = isMap(part) ? (child(part, "context") ?? { ...part, value: "." }) : part;
  const directory = values.text(given, "a folder");
  if (directory === undefined) return undefined;
  const dockerfile = values.text(child(part, "dockerfile"), "a file's name");
  const inline = values.text(child(part, "dockerfile_inline"));
  const target = values.text(child(part, "target"));
  const args: Record<string, string> = {};
  for (const [name, value] of values.pairs(child(part, "args"))) {
    const text = value.value === null ? lookup(name) : values.text(value);
    if (text !== undefined) args[name] = text;
  }
  const contexts: Record<string, string> = {};
  for (const [name, value] of values.pairs(child(part, "additional_contexts"))) {
    const text = values.text(value);
    if (text?.startsWith("service:") === true)
      notes.refused(value, "a build does not copy from another service's image", "name an image");
    else if (text !== undefined) contexts[name] = REMOTE.test(text) ? text : absolutePath(text, value);
  }
  return {
    service,
    context: REMOTE.test(directory) ? directory : absolutePath(directory, given),
    ...(dockerfile !== undefined && { dockerfile }),
    ...(inline !== undefined && { inline }),
    args,
    ...(target !== undefined && { target }),
    contexts,
  };
}
