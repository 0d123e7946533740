/**
 * Entries of an application load balancer's access log: fields between single spaces, some in quotes, in one order. Each
 * field is of certain characters, and what is not says where reading ended.
 */
import { Kind } from "../../checker/kind.ts";
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { parseInteger } from "../../runtime/integer.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { debugText } from "../conversion/debug.ts";
import { numberOfText } from "../number/float-text.ts";

// Sticky, and of one class of characters each: linear.
const HOST = /[0-9a-f.:-]+/y;
const TIME = /[0-9.:TZ-]+/y;
const NUMBER = /[0-9.-]+/y;
const DIGITS = /[0-9-]+/y;
const PLAIN_DIGITS = /[0-9]+/y;
const TYPE = /[a-z0-9]+/y;
const WORD = /[^ ]+/y;

const text = Kind.bytes;
const maybeText = Kind.bytes.or(Kind.null);

export const entryKind: Kind = Kind.object({
  actions_executed: maybeText,
  chosen_cert_arn: maybeText,
  classification_reason: maybeText,
  classification: maybeText,
  client_host: text,
  domain_name: maybeText,
  elb_status_code: text,
  elb: text,
  error_reason: maybeText,
  matched_rule_priority: maybeText,
  received_bytes: Kind.integer,
  redirect_url: maybeText,
  request_creation_time: text,
  request_method: text,
  request_processing_time: Kind.float,
  request_protocol: text,
  request_url: text,
  response_processing_time: Kind.float,
  sent_bytes: Kind.integer,
  ssl_cipher: maybeText,
  ssl_protocol: maybeText,
  target_group_arn: text,
  target_host: maybeText,
  target_port_list: maybeText,
  target_processing_time: Kind.float,
  target_status_code_list: maybeText,
  target_status_code: maybeText,
  timestamp: text,
  trace_id: text,
  type: text,
  user_agent: text,
  traceability_id: maybeText,
});

/** What is after the last field is an error where `isStrict`. */
export function readEntry(line: string, isStrict: boolean): VrlObject | Failure {
  const reader = new Reader(line);
  const { entry } = reader;
  reader.take("type", TYPE, false);
  reader.take("timestamp", TIME);
  reader.take("elb", WORD);
  reader.take("client_host", HOST);
  reader.take("target_host", HOST);
  reader.takeFloat("request_processing_time");
  reader.takeFloat("target_processing_time");
  reader.takeFloat("response_processing_time");
  reader.take("elb_status_code", DIGITS);
  reader.take("target_status_code", DIGITS);
  reader.takeInteger("received_bytes");
  reader.takeInteger("sent_bytes");
  reader.takeRequest();
  reader.takeQuoted("user_agent");
  reader.take("ssl_cipher", WORD);
  reader.take("ssl_protocol", WORD);
  reader.take("target_group_arn", WORD);
  reader.takeQuoted("trace_id");
  reader.takeQuoted("domain_name");
  reader.takeQuoted("chosen_cert_arn");
  reader.take("matched_rule_priority", DIGITS);
  reader.take("request_creation_time", TIME);
  reader.takeQuoted("actions_executed");
  reader.takeQuoted("redirect_url");
  reader.takeQuoted("error_reason");
  reader.takeList("target_port_list", HOST);
  reader.takeList("target_status_code_list", PLAIN_DIGITS);
  reader.takeQuoted("classification");
  reader.takeQuoted("classification_reason");
  entry["traceability_id"] = null;
  if (line.startsWith(" TID_", reader.at)) reader.take("traceability_id", WORD);
  if (reader.failure !== undefined) return reader.failure;
  if (isStrict && reader.at < line.length)
    return new Failure(`Log should be fully consumed: "${line.slice(reader.at)}"`);
  return entry;
}

/** Reads fields into `entry`. After a failure it reads nothing more. */
class Reader {
  readonly #line: string;
  readonly entry: VrlObject = {};
  at: number = 0;
  failure: Failure | undefined = undefined;

  constructor(line: string) {
    this.#line = line;
  }

  take(name: string, form: RegExp, afterSpace: boolean = true): void {
    const value = this.#takeWord(name, form, afterSpace);
    if (value !== undefined) this.#set(name, value);
  }

  takeFloat(name: string): void {
    const start = this.at;
    const word = this.#takeWord(name, NUMBER, true);
    if (word === undefined) return;
    const float = numberOfText(word);
    if (float === undefined) this.#fail(name, start, "MapRes");
    else this.#set(name, floatOf(float));
  }

  takeInteger(name: string): void {
    const start = this.at;
    const word = this.#takeWord(name, DIGITS, true);
    if (word === undefined) return;
    const integer = parseInteger(word);
    if (integer === undefined) this.#fail(name, start, "MapRes");
    else this.#set(name, integer);
  }

  takeQuoted(name: string): void {
    const value = this.#takeString(name);
    if (value !== undefined) this.#set(name, value);
  }

  /** Method, address and protocol, the last after the last space. */
  takeRequest(): void {
    const request = this.#takeString("request");
    if (request === undefined) return;
    const first = request.indexOf(" ");
    const last = request.lastIndexOf(" ");
    if (first === last) {
      this.failure = new Failure("failed to get field `request_url`");
      return;
    }
    this.#set("request_method", request.slice(0, first));
    this.#set("request_protocol", request.slice(last + 1));
    this.entry["request_url"] = request.slice(first + 1, last);
  }

  /** One element, in quotes or not; `"-"` is none. */
  takeList(name: string, form: RegExp): void {
    if (this.failure !== undefined) return;
    if (this.#line.startsWith(' "-"', this.at)) {
      this.at += 4;
      this.entry[name] = [];
      return;
    }
    const isQuoted = this.#line.startsWith(' "', this.at);
    form.lastIndex = this.at + (isQuoted ? 2 : 1);
    const word = this.#line[this.at] === " " ? form.exec(this.#line)?.[0] : undefined;
    if (word === undefined || (isQuoted && this.#line[form.lastIndex] !== '"')) {
      this.failure = new Failure(`failed to get field \`${name}\`: Parsing Error: ()`);
      return;
    }
    this.at = form.lastIndex + (isQuoted ? 1 : 0);
    this.entry[name] = [word];
  }

  #set(name: string, value: Value): void {
    this.entry[name] = value === "-" ? null : value;
  }

  #takeWord(name: string, form: RegExp, afterSpace: boolean): string | undefined {
    if (this.failure !== undefined) return undefined;
    const start = this.at;
    if (afterSpace && this.#line[start] !== " ") return this.#fail(name, start, "Char");
    form.lastIndex = start + (afterSpace ? 1 : 0);
    const from = form.lastIndex;
    const word = form.exec(this.#line)?.[0];
    if (word === undefined) return this.#fail(name, from, "TakeWhile1");
    this.at = from + word.length;
    return word;
  }

  /** A quoted string without its backslashes. */
  #takeString(name: string): string | undefined {
    if (this.failure !== undefined) return undefined;
    const line = this.#line;
    if (!line.startsWith(' "', this.at)) return this.#fail(name, this.at, "Tag");
    let value = "";
    let copied = this.at + 2;
    for (let at = copied; at < line.length; at++) {
      const unit = line.charCodeAt(at);
      if (unit === QUOTE) {
        this.at = at + 1;
        return value + line.slice(copied, at);
      }
      if (unit !== BACKSLASH) continue;
      value += line.slice(copied, at);
      copied = ++at;
    }
    this.failure = new Failure(`failed to get field \`${name}\`: Parsing requires more data`);
    return undefined;
  }

  #fail(name: string, at: number, expected: string): undefined {
    const rest = debugText(this.#line.slice(at));
    this.failure = new Failure(`failed to get field \`${name}\`: Parsing Error: (${rest}, ${expected})`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
