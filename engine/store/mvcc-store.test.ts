import { MvccModel, mvccConformance } from "./testing.ts";
import { openMvcc } from "./mvcc-store.ts";

mvccConformance("openMvcc()", (directory, clock) => openMvcc(directory, { clock }));
mvccConformance("openMvcc() without a log", (directory, clock) => openMvcc(directory, { clock, log: false }));
mvccConformance("MvccModel", async (_directory, clock) => new MvccModel({ clock }));
