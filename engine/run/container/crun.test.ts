import { containerConformance } from "./on-host-system.ts";

containerConformance("container driver by crun", "crun");
