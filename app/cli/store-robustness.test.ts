import { robustnessConformance } from "@plinth/store/testing";
import { plinthMember } from "./plinth-member.ts";

robustnessConformance("plinth store serve has none of the bugs that etcd had:", plinthMember);
