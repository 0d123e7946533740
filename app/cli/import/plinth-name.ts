/** A Name's: the schema's pattern takes no longer ones. */
const CHARACTERS_MAX = 40;

/** A text as a Plinth name, which is a DNS label; "app" where nothing of it is left. */
export function plinthName(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, CHARACTERS_MAX)
    .replace(/-+$/, "");
  return label === "" ? "app" : label;
}
