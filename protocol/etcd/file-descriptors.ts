import type { Method } from "@plinth/grpc";
import { Permission, UserAddOptions } from "./auth.ts";
import { Member } from "./cluster.ts";
import {
  type EnumDescriptor,
  FieldLabel,
  FieldType,
  type FieldDescriptor,
  FileDescriptor,
  type MessageDescriptor,
  type MethodDescriptor,
  type ServiceDescriptor,
} from "./descriptor.ts";
import { LeaderKey } from "./election.ts";
import { Empty, ResponseHeader } from "./header.ts";
import { fieldName } from "./json.ts";
import { KeyValue, WireEvent } from "./key-value.ts";
import {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from "./kv.ts";
import { LeaseId } from "./lease.ts";
import { AlarmMember } from "./maintenance.ts";
import type { Field, Message, ScalarName } from "./message.ts";
import {
  authService,
  clusterService,
  electionService,
  healthService,
  kvService,
  leaseService,
  lockService,
  maintenanceService,
  watchService,
} from "./services.ts";
import { RequestOp, ResponseOp, TxnRequest, TxnResponse, WireCompare } from "./txn.ts";
import { WatchCancelRequest, WatchCreateRequest } from "./watch.ts";

/** One file of definitions, as reflection hands it out. */
export interface DescribedFile {
  readonly name: string;
  /** Encoded FileDescriptorProto. */
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
  /** Full names of all that it defines. */
  readonly symbols: readonly string[];
}

interface Package {
  readonly file: string;
  readonly uses: readonly string[];
}

const packages: Readonly<Record<string, Package>> = {
  mvccpb: { file: "kv.proto", uses: [] },
  authpb: { file: "auth.proto", uses: [] },
  etcdserverpb: { file: "rpc.proto", uses: ["mvccpb", "authpb"] },
  v3lockpb: { file: "v3lock.proto", uses: ["etcdserverpb"] },
  v3electionpb: { file: "v3election.proto", uses: ["etcdserverpb", "mvccpb"] },
  "grpc.health.v1": { file: "grpc/health/v1/health.proto", uses: [] },
};

const services: readonly object[] = [
  kvService,
  watchService,
  leaseService,
  clusterService,
  maintenanceService,
  authService,
  lockService,
  electionService,
  healthService,
];

/** What messages within others are called. A message that several methods share has a name for each, see `typesOf`. */
const nestedNames: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [ResponseHeader, "etcdserverpb.ResponseHeader"],
  [KeyValue, "mvccpb.KeyValue"],
  [WireEvent, "mvccpb.Event"],
  [RangeRequest, "etcdserverpb.RangeRequest"],
  [RangeResponse, "etcdserverpb.RangeResponse"],
  [PutRequest, "etcdserverpb.PutRequest"],
  [PutResponse, "etcdserverpb.PutResponse"],
  [DeleteRangeRequest, "etcdserverpb.DeleteRangeRequest"],
  [DeleteRangeResponse, "etcdserverpb.DeleteRangeResponse"],
  [TxnRequest, "etcdserverpb.TxnRequest"],
  [TxnResponse, "etcdserverpb.TxnResponse"],
  [WireCompare, "etcdserverpb.Compare"],
  [RequestOp, "etcdserverpb.RequestOp"],
  [ResponseOp, "etcdserverpb.ResponseOp"],
  [WatchCreateRequest, "etcdserverpb.WatchCreateRequest"],
  [WatchCancelRequest, "etcdserverpb.WatchCancelRequest"],
  [Empty, "etcdserverpb.WatchProgressRequest"],
  [LeaseId, "etcdserverpb.LeaseStatus"],
  [Member, "etcdserverpb.Member"],
  [AlarmMember, "etcdserverpb.AlarmMember"],
  [Permission, "authpb.Permission"],
  [UserAddOptions, "authpb.UserAddOptions"],
  [LeaderKey, "v3electionpb.LeaderKey"],
]);

/** Methods whose messages are not called after them. */
const typeStems: ReadonlyMap<string, string> = new Map([
  [kvService.compact.path, "Compaction"],
  [electionService.observe.path, "Leader"],
  [healthService.check.path, "HealthCheck"],
  [healthService.watch.path, "HealthCheck"],
]);

const scalarTypes: Readonly<Record<ScalarName, number>> = {
  int64: FieldType.int64,
  bigint64: FieldType.int64,
  biguint64: FieldType.uint64,
  uint32: FieldType.uint32,
  bool: FieldType.bool,
  byteString: FieldType.bytes,
  bytes: FieldType.bytes,
  text: FieldType.text,
};

/** Collects what the services' methods reach, then writes it down by package. */
class Definitions {
  readonly #messages: Map<string, Message<unknown>> = new Map();
  readonly #enums: Map<string, readonly string[]> = new Map();
  readonly #services: Map<string, MethodDescriptor[]> = new Map();

  addMethod(method: Method<unknown, unknown>): void {
    const [, service = "", name = ""] = method.path.split("/");
    const types = typesOf(method.path);
    const methods = this.#services.get(service) ?? [];
    methods.push({
      name,
      inputType: `.${types.request}`,
      outputType: `.${types.response}`,
      clientStreaming: method.requestStream,
      serverStreaming: method.responseStream,
    });
    this.#services.set(service, methods);
    // Every method here is made of messages, which are codecs that know their fields.
    this.#addMessage(types.request, method.request as Message<unknown>);
    this.#addMessage(types.response, method.response as Message<unknown>);
  }

  file(name: string, { file, uses }: Package): DescribedFile {
    const messages = inPackage(this.#messages, name);
    const enums = [...this.#enums].filter(([each]) => packageOf(each) === name);
    const own = inPackage(this.#services, name);
    const dependencies = uses.map((each) => packages[each]!.file);
    const bytes = FileDescriptor.encode({
      name: file,
      package: name,
      dependencies,
      messages: messages.map(([each, type]) => this.#describe(each, type)),
      enums: enums
        .filter(([each]) => outerOf(each) === name)
        .map(([each, names]) => describeEnum(each, names)),
      services: own.map(([each, methods]): ServiceDescriptor => ({ name: lastOf(each), methods })),
      syntax: "proto3",
    });
    const symbols = [
      ...[messages, enums, own].flatMap((each) => each.map(([symbol]) => symbol)),
      ...own.flatMap(([service, methods]) => methods.map((method) => `${service}.${method.name}`)),
    ];
    return { name: file, bytes, dependencies, symbols };
  }

  #addMessage(name: string, type: Message<unknown>): void {
    if (this.#messages.has(name)) return;
    this.#messages.set(name, type);
    for (const { shape } of type.fields.values()) {
      if (shape.kind === "message") this.#addMessage(nestedName(shape.type!()), shape.type!());
      if (shape.kind === "enum") this.#enums.set(shape.enumName!, shape.names!);
    }
  }

  #describe(name: string, type: Message<unknown>): MessageDescriptor {
    const fields = [...type.fields];
    const unions = [...new Set(fields.map(([, { union }]) => union).filter((union) => union !== undefined))];
    return {
      name: lastOf(name),
      fields: fields.map(([ourName, field]) => describeField(ourName, field, unions)),
      enums: [...this.#enums]
        .filter(([each]) => outerOf(each) === name)
        .map(([each, names]) => describeEnum(each, names)),
      oneofs: unions.map((union) => ({ name: union })),
    };
  }
}

function inPackage<Value>(all: ReadonlyMap<string, Value>, name: string): [string, Value][] {
  return [...all].filter(([each]) => outerOf(each) === name);
}

/** Of a message, a service, or an enum within a message. */
function packageOf(name: string): string {
  const outer = outerOf(name);
  return outer in packages ? outer : outerOf(outer);
}

function outerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** etcd calls a method's messages after it; those of Auth begin with "Auth". */
function typesOf(path: string): { readonly request: string; readonly response: string } {
  const [, service = "", method = ""] = path.split("/");
  const isAuth = lastOf(service) === "Auth" && !method.startsWith("Auth");
  const stem = `${outerOf(service)}.${typeStems.get(path) ?? (isAuth ? `Auth${method}` : method)}`;
  return { request: `${stem}Request`, response: `${stem}Response` };
}

function nestedName(type: Message<unknown>): string {
  const name = nestedNames.get(type);
  if (name === undefined) throw new Error("a message within another has a name");
  return name;
}

function describeField(ourName: string, field: Field<unknown>, unions: readonly string[]): FieldDescriptor {
  const { shape, number, union } = field;
  const common = {
    name: fieldName(ourName, field),
    number,
    label: shape.list ? FieldLabel.repeated : FieldLabel.optional,
    oneofIndex: union === undefined ? undefined : unions.indexOf(union),
  };
  if (shape.kind === "message") {
    return { ...common, type: FieldType.message, typeName: `.${nestedName(shape.type!())}` };
  }
  if (shape.kind === "enum") return { ...common, type: FieldType.enum, typeName: `.${shape.enumName!}` };
  return { ...common, type: scalarTypes[shape.kind], typeName: "" };
}

function describeEnum(name: string, names: readonly string[]): EnumDescriptor {
  return { name: lastOf(name), values: names.map((each, number) => ({ name: each, number })) };
}

/** Every file of etcd's definitions, as far as they are spoken here; those a file needs come before it. */
export function describedFiles(): DescribedFile[] {
  const definitions = new Definitions();
  for (const service of services) {
    for (const method of Object.values(service) as Method<unknown, unknown>[]) definitions.addMethod(method);
  }
  return Object.entries(packages).map(([name, each]) => definitions.file(name, each));
}
