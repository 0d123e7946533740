/** Quoted-printable (RFC 2045), read as leniently as VRL reads it: what is no escape stays. */
import { bytesOf } from "../../runtime/text.ts";
import { ByteSink } from "../compression/sink.ts";

export function quotedPrintableBytes(text: string): Uint8Array {
  const printable = text.replace(/[^\t\r\n -~]/g, "");
  const lines = printable.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const sink = new ByteSink();
  let isBroken = false;
  for (const [index, line] of lines.entries()) {
    if (index > 0 && isBroken) pushLineBreak(sink);
    isBroken = pushLine(sink, line.replace(/[\t\r ]+$/, ""));
  }
  if (printable.endsWith("\n") && isBroken) pushLineBreak(sink);
  return sink.bytes();
}

/** Whether the line ends here: not if it ends in `=`. */
function pushLine(sink: ByteSink, line: string): boolean {
  for (let at = 0; at < line.length; at++) {
    const digits = line.slice(at + 1, at + 3);
    if (line[at] !== "=") {
      sink.push(line.charCodeAt(at));
      continue;
    }
    if (digits === "") return false;
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) sink.push(Number.parseInt(digits, 16));
    else sink.append(bytesOf(`=${digits}`));
    at += 2;
  }
  return true;
}

function pushLineBreak(sink: ByteSink): void {
  sink.push(0x0d);
  sink.push(0x0a);
}
