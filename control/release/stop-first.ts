import { replicasOf, type ServiceSpec, volumesOf } from "@plinth/resource";

/** Why an instance has to be gone before the one in its place starts; undefined where both may run for a while. */
export function stopFirstReason(
  spec: ServiceSpec,
  ownNetworks: boolean,
): "store" | "port" | "volume" | undefined {
  if (spec.store === true) return "store";
  if (spec.address !== undefined) return undefined;
  if (spec.port !== undefined && !ownNetworks) return "port";
  // What runs several times at once on one volume anyway is made for it.
  if (replicasOf(spec) > 1) return undefined;
  const writes = volumesOf(spec).some((volume) => "name" in volume && !volume.readOnly);
  return writes ? "volume" : undefined;
}
