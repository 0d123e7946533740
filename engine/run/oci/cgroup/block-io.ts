import type { BlockIoResources, ThrottledDevice } from "../config.ts";
import type { Setting } from "./plan.ts";

/** Weights are a matter of the I/O scheduler: of BFQ, or before it of CFQ. */
export function blockIoV1(blockIO: BlockIoResources): Setting[] {
  const settings: Setting[] = [];
  const weighted = (name: string, value: string): void => {
    const otherwise = { file: `blkio.${name}`, value };
    settings.push({ file: `blkio.bfq.${name}`, value, otherwise });
  };
  const { weight = 0, leafWeight = 0 } = blockIO;
  if (weight !== 0) weighted("weight", String(weight));
  if (leafWeight !== 0) settings.push({ file: "blkio.leaf_weight", value: String(leafWeight) });
  for (const device of blockIO.weightDevice ?? []) {
    const { major, minor } = device;
    if (device.weight !== undefined) weighted("weight_device", `${major}:${minor} ${device.weight}`);
    if (device.leafWeight !== undefined)
      settings.push({ file: "blkio.leaf_weight_device", value: `${major}:${minor} ${device.leafWeight}` });
  }
  const throttled = (devices: readonly ThrottledDevice[] | undefined, name: string): void => {
    for (const { major, minor, rate } of devices ?? [])
      settings.push({ file: `blkio.throttle.${name}_device`, value: `${major}:${minor} ${rate}` });
  };
  throttled(blockIO.throttleReadBpsDevice, "read_bps");
  throttled(blockIO.throttleWriteBpsDevice, "write_bps");
  throttled(blockIO.throttleReadIOPSDevice, "read_iops");
  throttled(blockIO.throttleWriteIOPSDevice, "write_iops");
  return settings;
}

export function blockIoV2(blockIO: BlockIoResources): Setting[] {
  const settings: Setting[] = [];
  const { weight = 0 } = blockIO;
  if (weight !== 0)
    settings.push({
      file: "io.bfq.weight",
      value: String(weight),
      otherwise: { file: "io.weight", value: String(ioWeightOf(weight)) },
    });
  for (const device of blockIO.weightDevice ?? [])
    if (device.weight !== undefined)
      settings.push({ file: "io.bfq.weight", value: `${device.major}:${device.minor} ${device.weight}` });
  const throttled = (devices: readonly ThrottledDevice[] | undefined, name: string): void => {
    for (const { major, minor, rate } of devices ?? [])
      settings.push({ file: "io.max", value: `${major}:${minor} ${name}=${rate}` });
  };
  throttled(blockIO.throttleReadBpsDevice, "rbps");
  throttled(blockIO.throttleWriteBpsDevice, "wbps");
  throttled(blockIO.throttleReadIOPSDevice, "riops");
  throttled(blockIO.throttleWriteIOPSDevice, "wiops");
  return settings;
}

const BLKIO_WEIGHT_MIN = 10;
const BLKIO_WEIGHT_MAX = 1000;
const IO_WEIGHT_MAX = 10_000;

/** io.weight, 1 to 10,000, for a weight of 10 to 1000. */
export function ioWeightOf(weight: number): number {
  const share = (weight - BLKIO_WEIGHT_MIN) / (BLKIO_WEIGHT_MAX - BLKIO_WEIGHT_MIN);
  return 1 + Math.floor(share * (IO_WEIGHT_MAX - 1));
}
