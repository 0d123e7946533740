/** The example shop's image, where containers can run: one of its services is a container of it. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import type { Check } from "../app/cli/doctor/check.ts";
import { isMade, makeNodeImage, nodeImage } from "../examples/shop/recommend/node-image.ts";

/** What keeps containers from running here, as `plinth doctor` says it; undefined where they can. */
function lack(): string | undefined {
  const { stdout } = spawnSync("sh", ["app/cli/plinth", "doctor", "--json"], { encoding: "utf8" });
  try {
    const { checks } = JSON.parse(stdout) as { checks: readonly Check[] };
    const check = checks.find(({ name }) => name === "containers");
    if (check?.level === "good") return undefined;
    return [check?.message, check?.hint].filter(Boolean).join(". ");
  } catch {
    return "`plinth doctor` says nothing";
  }
}

/** Makes the image once, or takes it away: the shop's config runs a container of it if it is there. */
export async function prepareShopImage(): Promise<void> {
  let reason = lack();
  if (reason === undefined && !isMade()) {
    console.log("Making an image of this machine's Node for the shop's container …");
    try {
      await makeNodeImage();
    } catch (error) {
      reason = `its image cannot be made: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  if (reason === undefined) return;
  // For this start, and for those after it; another user's image stays where it is.
  process.env["SHOP_NODE_IMAGE"] = "";
  try {
    rmSync(nodeImage, { recursive: true, force: true });
  } catch (error) {
    console.log(`Cannot remove ${nodeImage}: ${error instanceof Error ? error.message : String(error)}`);
  }
  console.log(`The shop's "recommend" runs as a process, not as a container: ${reason}`);
}
