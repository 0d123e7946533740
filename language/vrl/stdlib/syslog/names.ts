/** Keywords of syslog; the index is the number that stands for one. */
export const facilities: readonly string[] = (
  "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron " +
  "local0 local1 local2 local3 local4 local5 local6 local7"
).split(" ");

export const levels: readonly string[] = "emerg alert crit err warning notice info debug".split(" ");

/** Words that stood for a level once. */
export const formerLevels: ReadonlyMap<string, number> = new Map([
  ["panic", 0],
  ["error", 3],
  ["warn", 4],
]);
