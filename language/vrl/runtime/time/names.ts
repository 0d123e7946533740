/** English names of months and weekdays; their first three letters are the short ones. */
export const monthNames: readonly string[] =
  "January February March April May June July August September October November December".split(" ");

/** Monday first. */
export const weekdayNames: readonly string[] =
  "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ");
