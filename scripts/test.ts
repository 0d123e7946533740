/** `npm test`: set-up, then every test, ending in the line "N passed, N failed". */
import { systemTests, unitTests } from "./tests.ts";

console.log([...unitTests(), ...systemTests()]);
