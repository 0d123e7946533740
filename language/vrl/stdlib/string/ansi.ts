/**
 * The state machine of a terminal's input, as far as it decides which characters are text: after Paul Williams'
 * [parser for DEC's terminals](https://vt100.net/emu/dec_ansi_parser), with UTF-8.
 */
export type AnsiState =
  | "ground"
  | "escape"
  | "escape-intermediate"
  | "csi-entry"
  | "csi-param"
  | "csi-intermediate"
  | "csi-ignore"
  | "dcs-entry"
  | "dcs-param"
  | "dcs-intermediate"
  | "dcs-passthrough"
  | "ignored-string"
  | "osc-string";

const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;
export const ESCAPE = 0x1b;
const STRING_TERMINATOR = 0x9c;
const BELL = 0x07;

/** The state after `byte` in a state other than ground; what is no ASCII changes none but a device's string. */
export function nextState(state: AnsiState, byte: number): AnsiState {
  if (byte === ESCAPE) return "escape";
  if (byte === CANCEL || byte === SUBSTITUTE) return "ground";
  if (state === "osc-string") return byte === BELL ? "ground" : state;
  if (state === "dcs-passthrough") return byte === STRING_TERMINATOR ? "ground" : state;
  if (state === "ignored-string" || byte < 0x20 || byte >= 0x7f) return state;
  if (state === "escape") return afterEscape(byte);
  if (state === "escape-intermediate") return byte < 0x30 ? state : "ground";
  return state.startsWith("dcs") ? inDeviceControl(state, byte) : inControlSequence(state, byte);
}

function afterEscape(byte: number): AnsiState {
  if (byte < 0x30) return "escape-intermediate";
  switch (String.fromCharCode(byte)) {
    case "[":
      return "csi-entry";
    case "]":
      return "osc-string";
    case "P":
      return "dcs-entry";
    case "X":
    case "^":
    case "_":
      return "ignored-string";
    default:
      return "ground";
  }
}

function inControlSequence(state: AnsiState, byte: number): AnsiState {
  if (byte >= 0x40) return "ground";
  if (state === "csi-ignore") return state;
  if (byte < 0x30) return "csi-intermediate";
  if (state === "csi-intermediate") return "csi-ignore";
  // Private markers stand at the beginning alone.
  return state === "csi-param" && byte >= 0x3c ? "csi-ignore" : "csi-param";
}

function inDeviceControl(state: AnsiState, byte: number): AnsiState {
  if (byte >= 0x40) return "dcs-passthrough";
  if (byte < 0x30) return "dcs-intermediate";
  if (state === "dcs-intermediate") return "ignored-string";
  return state === "dcs-param" && byte >= 0x3c ? "ignored-string" : "dcs-param";
}

/** Whether a line feed counts in the middle of a sequence of this state. */
export function keepsLineFeeds(state: AnsiState): boolean {
  return state.startsWith("csi") || state.startsWith("escape");
}
