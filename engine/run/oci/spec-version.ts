/** The version of the runtime specification that this runtime follows. */
export const SPEC_VERSION = "1.2.0";
