import { containerConformance } from "./on-host-system.ts";

await containerConformance("container driver", "plinth");
