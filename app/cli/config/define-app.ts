import type { Config } from "@plinth/resource";

/** What stands in a config file. */
export type AppConfig = Config;

/** What a config written as a function receives. */
export interface ConfigEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Made = AppConfig | Promise<AppConfig>;

/** Gives editors the types of a config; returns what it is given. */
export function defineApp<T extends Made | ((environment: ConfigEnvironment) => Made)>(config: T): T {
  return config;
}
