import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { messageKind, readMessage } from "./aws/subscription-message.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const parseAwsCloudwatchLogSubscriptionMessage: FunctionDefinition = {
  name: "parse_aws_cloudwatch_log_subscription_message",
  category: "Parse",
  usage:
    "Parses a message that AWS CloudWatch Logs sends to a [subscription](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions.html), as it arrives from Kinesis Data Firehose once it is uncompressed.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The message, as JSON." }],
  failures: ["`value` is not a properly formatted AWS CloudWatch Log subscription message."],
  returns: Part.object,
  isFresh: true,
  typeOf: () => TypeDef.of(messageKind).fallible,
  prepare:
    () =>
    (value: Text): Value | Failure =>
      readMessage(lossyText(value)),
};

const name = "parse_aws_cloudwatch_log_subscription_message";

function message(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup: "shop",
    logStream: "web-1",
    subscriptionFilters: ["all"],
    logEvents: [{ id: "36", timestamp: 1_709_208_000_250, message: "GET /" }],
    ...changes,
  });
}

const fields = '"log_group": "shop", "log_stream": "web-1", "owner": "123456789012"';

export const examples: readonly Example[] = [
  {
    title: "Data",
    source: `${name}!(s'${message({})}')`,
    result: `{"log_events": [{"id": "36", "message": "GET /", "timestamp": "2024-02-29T12:00:00.250Z"}], ${fields}, "message_type": "DATA_MESSAGE", "subscription_filters": ["all"]}`,
  },
  {
    title: "A test that it arrives",
    source: `${name}!(s'${message({ messageType: "CONTROL_MESSAGE", subscriptionFilters: [], logEvents: [] })}')`,
    result: `{"log_events": [], ${fields}, "message_type": "CONTROL_MESSAGE", "subscription_filters": []}`,
  },
];

function refused(title: string, value: string, error: string): Example {
  const source = `${name}!(s'${value}')`;
  return {
    title,
    source,
    error: `function call error for "${name}" at (0:${source.length}): unable to parse: ${error}`,
  };
}

export const tests: readonly Example[] = [
  refused("Empty", "", "EOF while parsing a value at line 1 column 0"),
  refused(
    "No object",
    "7",
    "invalid type: integer `7`, expected struct AwsCloudWatchLogsSubscriptionMessage at line 1 column 1",
  ),
  refused("Nothing in it", "{}", "missing field `owner` at line 1 column 2"),
  refused(
    "Another field",
    '{"a" : 1}',
    "unknown field `a`, expected one of `owner`, `messageType`, `logGroup`, `logStream`, `subscriptionFilters`, `logEvents` at line 1 column 5",
  ),
  refused("A field twice", '{"owner":"a","owner":"b"}', "duplicate field `owner` at line 1 column 20"),
  refused("Another type", '{"owner": [1]}', "invalid type: sequence, expected a string at line 1 column 10"),
  refused(
    "Another variant",
    '{"messageType": "X"}',
    "unknown variant `X`, expected `CONTROL_MESSAGE` or `DATA_MESSAGE` at line 1 column 19",
  ),
  refused(
    "A time that is none",
    '{"logEvents": [{"timestamp": 1.5}]}',
    "invalid type: floating point `1.5`, expected a unix timestamp in milliseconds at line 1 column 32",
  ),
];
