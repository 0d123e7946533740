/** All functions, each in the file of its name. */
import { abs } from "./abs.ts";
import { append } from "./append.ts";
import { array } from "./array.ts";
import { assertEq } from "./assert-eq.ts";
import { assert } from "./assert.ts";
import { basename } from "./basename.ts";
import { bool } from "./bool.ts";
import { camelcase } from "./camelcase.ts";
import { ceil } from "./ceil.ts";
import { chunks } from "./chunks.ts";
import { communityId } from "./community-id.ts";
import { compact } from "./compact.ts";
import { containsAll } from "./contains-all.ts";
import { contains } from "./contains.ts";
import { crc } from "./crc.ts";
import { decodeBase16 } from "./decode-base16.ts";
import { decodeBase64 } from "./decode-base64.ts";
import { decodeCharset } from "./decode-charset.ts";
import { decodeGzip } from "./decode-gzip.ts";
import { decodeLz4 } from "./decode-lz4.ts";
import { decodeMimeQ } from "./decode-mime-q.ts";
import { decodePercent } from "./decode-percent.ts";
import { decodePunycode } from "./decode-punycode.ts";
import { decodeSnappy } from "./decode-snappy.ts";
import { decodeZlib } from "./decode-zlib.ts";
import { decodeZstd } from "./decode-zstd.ts";
import { decryptIp } from "./decrypt-ip.ts";
import { decrypt } from "./decrypt.ts";
import { del } from "./del.ts";
import { dirname } from "./dirname.ts";
import { dnsLookup } from "./dns-lookup.ts";
import { downcase } from "./downcase.ts";
import { encodeBase16 } from "./encode-base16.ts";
import { encodeBase64 } from "./encode-base64.ts";
import { encodeCharset } from "./encode-charset.ts";
import { encodeCsv } from "./encode-csv.ts";
import { encodeGzip } from "./encode-gzip.ts";
import { encodeJson } from "./encode-json.ts";
import { encodeKeyValue } from "./encode-key-value.ts";
import { encodeLogfmt } from "./encode-logfmt.ts";
import { encodeLz4 } from "./encode-lz4.ts";
import { encodePercent } from "./encode-percent.ts";
import { encodeProto } from "./encode-proto.ts";
import { encodePunycode } from "./encode-punycode.ts";
import { encodeSnappy } from "./encode-snappy.ts";
import { encodeZlib } from "./encode-zlib.ts";
import { encodeZstd } from "./encode-zstd.ts";
import { encryptIp } from "./encrypt-ip.ts";
import { encrypt } from "./encrypt.ts";
import { endsWith } from "./ends-with.ts";
import { exists } from "./exists.ts";
import { filter } from "./filter.ts";
import { find } from "./find.ts";
import { flatten } from "./flatten.ts";
import { float } from "./float.ts";
import { floor } from "./floor.ts";
import { forEach } from "./for-each.ts";
import { formatInt } from "./format-int.ts";
import { formatNumber } from "./format-number.ts";
import { formatTimestamp } from "./format-timestamp.ts";
import { fromEntries } from "./from-entries.ts";
import { fromUnixTimestamp } from "./from-unix-timestamp.ts";
import { getEnvVar } from "./get-env-var.ts";
import { getHostname } from "./get-hostname.ts";
import { getTimezoneName } from "./get-timezone-name.ts";
import { get } from "./get.ts";
import { haversine } from "./haversine.ts";
import { hmac } from "./hmac.ts";
import { httpRequest } from "./http-request.ts";
import { includes } from "./includes.ts";
import { int } from "./int.ts";
import { ipAton } from "./ip-aton.ts";
import { ipCidrContains } from "./ip-cidr-contains.ts";
import { ipNtoa } from "./ip-ntoa.ts";
import { ipNtop } from "./ip-ntop.ts";
import { ipPton } from "./ip-pton.ts";
import { ipSubnet } from "./ip-subnet.ts";
import { ipToIpv6 } from "./ip-to-ipv6.ts";
import { ipv6ToIpv4 } from "./ipv6-to-ipv4.ts";
import { isArray } from "./is-array.ts";
import { isBoolean } from "./is-boolean.ts";
import { isEmpty } from "./is-empty.ts";
import { isFloat } from "./is-float.ts";
import { isInteger } from "./is-integer.ts";
import { isIpv4 } from "./is-ipv4.ts";
import { isIpv6 } from "./is-ipv6.ts";
import { isJson } from "./is-json.ts";
import { isNull } from "./is-null.ts";
import { isNullish } from "./is-nullish.ts";
import { isObject } from "./is-object.ts";
import { isRegex } from "./is-regex.ts";
import { isString } from "./is-string.ts";
import { isTimestamp } from "./is-timestamp.ts";
import { join } from "./join.ts";
import { kebabcase } from "./kebabcase.ts";
import { keys } from "./keys.ts";
import { length } from "./length.ts";
import { log } from "./log.ts";
import { mapKeys } from "./map-keys.ts";
import { mapValues } from "./map-values.ts";
import { matchAny } from "./match-any.ts";
import { matchArray } from "./match-array.ts";
import { matchDatadogQuery } from "./match-datadog-query.ts";
import { match } from "./match.ts";
import { md5 } from "./md5.ts";
import { merge } from "./merge.ts";
import { mod } from "./mod.ts";
import { now } from "./now.ts";
import { objectFromArray } from "./object-from-array.ts";
import { object } from "./object.ts";
import { parseApacheLog } from "./parse-apache-log.ts";
import { parseAwsAlbLog } from "./parse-aws-alb-log.ts";
import { parseAwsCloudwatchLogSubscriptionMessage } from "./parse-aws-cloudwatch-log-subscription-message.ts";
import { parseAwsVpcFlowLog } from "./parse-aws-vpc-flow-log.ts";
import { parseBytes } from "./parse-bytes.ts";
import { parseCbor } from "./parse-cbor.ts";
import { parseCef } from "./parse-cef.ts";
import { parseCommonLog } from "./parse-common-log.ts";
import { parseCsv } from "./parse-csv.ts";
import { parseDuration } from "./parse-duration.ts";
import { parseEtld } from "./parse-etld.ts";
import { parseFloat } from "./parse-float.ts";
import { parseGlog } from "./parse-glog.ts";
import { parseGrok } from "./parse-grok.ts";
import { parseGroks } from "./parse-groks.ts";
import { parseInfluxdb } from "./parse-influxdb.ts";
import { parseInt } from "./parse-int.ts";
import { parseJson } from "./parse-json.ts";
import { parseKeyValue } from "./parse-key-value.ts";
import { parseKlog } from "./parse-klog.ts";
import { parseLinuxAuthorization } from "./parse-linux-authorization.ts";
import { parseLogfmt } from "./parse-logfmt.ts";
import { parseNginxLog } from "./parse-nginx-log.ts";
import { parseProto } from "./parse-proto.ts";
import { parseQueryString } from "./parse-query-string.ts";
import { parseRegexAll } from "./parse-regex-all.ts";
import { parseRegex } from "./parse-regex.ts";
import { parseRubyHash } from "./parse-ruby-hash.ts";
import { parseSyslog } from "./parse-syslog.ts";
import { parseTimestamp } from "./parse-timestamp.ts";
import { parseTokens } from "./parse-tokens.ts";
import { parseUrl } from "./parse-url.ts";
import { parseUserAgent } from "./parse-user-agent.ts";
import { parseXml } from "./parse-xml.ts";
import { parseYaml } from "./parse-yaml.ts";
import { pascalcase } from "./pascalcase.ts";
import { pop } from "./pop.ts";
import { push } from "./push.ts";
import { randomBool } from "./random-bool.ts";
import { randomBytes } from "./random-bytes.ts";
import { randomFloat } from "./random-float.ts";
import { randomInt } from "./random-int.ts";
import { redact } from "./redact.ts";
import { remove } from "./remove.ts";
import { replaceWith } from "./replace-with.ts";
import { replace } from "./replace.ts";
import { reverseDns } from "./reverse-dns.ts";
import { round } from "./round.ts";
import { screamingsnakecase } from "./screamingsnakecase.ts";
import { seahash } from "./seahash.ts";
import { set } from "./set.ts";
import { sha1 } from "./sha1.ts";
import { sha2 } from "./sha2.ts";
import { sha3 } from "./sha3.ts";
import { shannonEntropy } from "./shannon-entropy.ts";
import { sieve } from "./sieve.ts";
import { slice } from "./slice.ts";
import { snakecase } from "./snakecase.ts";
import { splitPath } from "./split-path.ts";
import { split } from "./split.ts";
import { startsWith } from "./starts-with.ts";
import { string } from "./string.ts";
import { stripAnsiEscapeCodes } from "./strip-ansi-escape-codes.ts";
import { stripWhitespace } from "./strip-whitespace.ts";
import { strlen } from "./strlen.ts";
import { tagTypesExternally } from "./tag-types-externally.ts";
import { tallyValue } from "./tally-value.ts";
import { tally } from "./tally.ts";
import { timestamp } from "./timestamp.ts";
import { toBool } from "./to-bool.ts";
import { toEntries } from "./to-entries.ts";
import { toFloat } from "./to-float.ts";
import { toInt } from "./to-int.ts";
import { toRegex } from "./to-regex.ts";
import { toString } from "./to-string.ts";
import { toSyslogFacilityCode } from "./to-syslog-facility-code.ts";
import { toSyslogFacility } from "./to-syslog-facility.ts";
import { toSyslogLevel } from "./to-syslog-level.ts";
import { toSyslogSeverity } from "./to-syslog-severity.ts";
import { toUnixTimestamp } from "./to-unix-timestamp.ts";
import { truncate } from "./truncate.ts";
import { typeDef } from "./type-def.ts";
import { unflatten } from "./unflatten.ts";
import { unique } from "./unique.ts";
import { unnest } from "./unnest.ts";
import { upcase } from "./upcase.ts";
import { uuidFromFriendlyId } from "./uuid-from-friendly-id.ts";
import { uuidV4 } from "./uuid-v4.ts";
import { uuidV7 } from "./uuid-v7.ts";
import { validateJsonSchema } from "./validate-json-schema.ts";
import { values } from "./values.ts";
import { xxhash } from "./xxhash.ts";
import { zip } from "./zip.ts";
import type { FunctionDefinition } from "./define.ts";

/** Bundlers that drop what is not used keep single functions' files only, where they are imported by themselves. */
export const standardLibrary: readonly FunctionDefinition[] = [
  abs,
  append,
  array,
  assertEq,
  assert,
  basename,
  bool,
  camelcase,
  ceil,
  chunks,
  communityId,
  compact,
  containsAll,
  contains,
  crc,
  decodeBase16,
  decodeBase64,
  decodeCharset,
  decodeGzip,
  decodeLz4,
  decodeMimeQ,
  decodePercent,
  decodePunycode,
  decodeSnappy,
  decodeZlib,
  decodeZstd,
  decryptIp,
  decrypt,
  del,
  dirname,
  dnsLookup,
  downcase,
  encodeBase16,
  encodeBase64,
  encodeCharset,
  encodeCsv,
  encodeGzip,
  encodeJson,
  encodeKeyValue,
  encodeLogfmt,
  encodeLz4,
  encodePercent,
  encodeProto,
  encodePunycode,
  encodeSnappy,
  encodeZlib,
  encodeZstd,
  encryptIp,
  encrypt,
  endsWith,
  exists,
  filter,
  find,
  flatten,
  float,
  floor,
  forEach,
  formatInt,
  formatNumber,
  formatTimestamp,
  fromEntries,
  fromUnixTimestamp,
  getEnvVar,
  getHostname,
  getTimezoneName,
  get,
  haversine,
  hmac,
  httpRequest,
  includes,
  int,
  ipAton,
  ipCidrContains,
  ipNtoa,
  ipNtop,
  ipPton,
  ipSubnet,
  ipToIpv6,
  ipv6ToIpv4,
  isArray,
  isBoolean,
  isEmpty,
  isFloat,
  isInteger,
  isIpv4,
  isIpv6,
  isJson,
  isNull,
  isNullish,
  isObject,
  isRegex,
  isString,
  isTimestamp,
  join,
  kebabcase,
  keys,
  length,
  log,
  mapKeys,
  mapValues,
  matchAny,
  matchArray,
  matchDatadogQuery,
  match,
  md5,
  merge,
  mod,
  now,
  objectFromArray,
  object,
  parseApacheLog,
  parseAwsAlbLog,
  parseAwsCloudwatchLogSubscriptionMessage,
  parseAwsVpcFlowLog,
  parseBytes,
  parseCbor,
  parseCef,
  parseCommonLog,
  parseCsv,
  parseDuration,
  parseEtld,
  parseFloat,
  parseGlog,
  parseGrok,
  parseGroks,
  parseInfluxdb,
  parseInt,
  parseJson,
  parseKeyValue,
  parseKlog,
  parseLinuxAuthorization,
  parseLogfmt,
  parseNginxLog,
  parseProto,
  parseQueryString,
  parseRegexAll,
  parseRegex,
  parseRubyHash,
  parseSyslog,
  parseTimestamp,
  parseTokens,
  parseUrl,
  parseUserAgent,
  parseXml,
  parseYaml,
  pascalcase,
  pop,
  push,
  randomBool,
  randomBytes,
  randomFloat,
  randomInt,
  redact,
  remove,
  replaceWith,
  replace,
  reverseDns,
  round,
  screamingsnakecase,
  seahash,
  set,
  sha1,
  sha2,
  sha3,
  shannonEntropy,
  sieve,
  slice,
  snakecase,
  splitPath,
  split,
  startsWith,
  string,
  stripAnsiEscapeCodes,
  stripWhitespace,
  strlen,
  tagTypesExternally,
  tallyValue,
  tally,
  timestamp,
  toBool,
  toEntries,
  toFloat,
  toInt,
  toRegex,
  toString,
  toSyslogFacilityCode,
  toSyslogFacility,
  toSyslogLevel,
  toSyslogSeverity,
  toUnixTimestamp,
  truncate,
  typeDef,
  unflatten,
  unique,
  unnest,
  upcase,
  uuidFromFriendlyId,
  uuidV4,
  uuidV7,
  validateJsonSchema,
  values,
  xxhash,
  zip,
];
