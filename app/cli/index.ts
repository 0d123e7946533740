/** What a `plinth.config.ts` imports: `defineApp` and the types of a config. */
export { defineApp } from "./config/define-app.ts";
export type { AppConfig, ConfigEnvironment } from "./config/define-app.ts";
