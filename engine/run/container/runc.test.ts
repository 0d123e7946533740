import { containerConformance } from "./on-host-system.ts";

await containerConformance("container driver by runc", "runc");
