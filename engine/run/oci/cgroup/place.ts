import { Fault } from "@plinth/fault";
import type { CgroupPlace } from "../../container/container.ts";
import type { CgroupPlan } from "./plan.ts";

/** The directories a container's processes join, or some below them. */
export function placeIn(
  { directories }: CgroupPlan,
  below: ReadonlyMap<string, string> = new Map(),
): CgroupPlace {
  for (const path of below.values())
    if (path.split("/").includes(".."))
      throw new Fault("invalid", `Cannot use the cgroup "${path}": it leads out`);
  const pathOf = ({ path, controllers }: CgroupPlan["directories"][number]): string => {
    const inside =
      controllers.map((name) => below.get(name)).find((each) => each !== undefined) ?? below.get("");
    return inside === undefined ? path : `${path}/${inside.replace(/^\/+/, "")}`;
  };
  const unified = directories.find(({ version }) => version === 2);
  return {
    directories: directories.map(pathOf),
    ...(unified !== undefined && { unified: pathOf(unified) }),
  };
}
