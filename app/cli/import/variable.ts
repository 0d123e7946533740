/** The schema's: how a variable of a service may be named. */
export const VARIABLE: RegExp = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;
