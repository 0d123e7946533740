import type { Method } from "@plinth/grpc";
import { list, type Message, message, nested, nestedList, oneScalar, scalar } from "./message.ts";
import { methodsOf } from "./method-kinds.ts";

/** grpc.reflection.v1, and v1alpha, which differs in nothing but its name. */

interface ExtensionRequest {
  readonly containingType: string;
  readonly extensionNumber: number;
}

const ExtensionRequest: Message<ExtensionRequest> = message<ExtensionRequest>({
  containingType: scalar(1, "text"),
  extensionNumber: scalar(2, "uint32"),
});

/** At most one of those behind `host` is there. */
export interface ServerReflectionRequest {
  readonly host: string;
  readonly fileByFilename: string | undefined;
  readonly fileContainingSymbol: string | undefined;
  readonly fileContainingExtension: ExtensionRequest | undefined;
  readonly allExtensionNumbersOfType: string | undefined;
  readonly listServices: string | undefined;
}

export const ServerReflectionRequest: Message<ServerReflectionRequest> = message<ServerReflectionRequest>({
  host: scalar(1, "text"),
  fileByFilename: oneScalar(3, "text", "message_request"),
  fileContainingSymbol: oneScalar(4, "text", "message_request"),
  fileContainingExtension: nested(5, () => ExtensionRequest, "message_request"),
  allExtensionNumbersOfType: oneScalar(6, "text", "message_request"),
  listServices: oneScalar(7, "text", "message_request"),
});

interface FileDescriptorResponse {
  readonly fileDescriptorProto: readonly Uint8Array[];
}

const FileDescriptorResponse: Message<FileDescriptorResponse> = message<FileDescriptorResponse>({
  fileDescriptorProto: list(1, "bytes"),
});

interface ServiceResponse {
  readonly name: string;
}

const ServiceResponse: Message<ServiceResponse> = message<ServiceResponse>({ name: scalar(1, "text") });

interface ListServiceResponse {
  readonly service: readonly ServiceResponse[];
}

const ListServiceResponse: Message<ListServiceResponse> = message<ListServiceResponse>({
  service: nestedList(1, () => ServiceResponse),
});

interface ErrorResponse {
  /** A status of gRPC. */
  readonly errorCode: number;
  readonly errorMessage: string;
}

const ErrorResponse: Message<ErrorResponse> = message<ErrorResponse>({
  errorCode: scalar(1, "uint32"),
  errorMessage: scalar(2, "text"),
});

/** One of the last three is there. */
export interface ServerReflectionResponse {
  readonly validHost: string;
  readonly originalRequest: ServerReflectionRequest | undefined;
  readonly fileDescriptorResponse: FileDescriptorResponse | undefined;
  readonly listServicesResponse: ListServiceResponse | undefined;
  readonly errorResponse: ErrorResponse | undefined;
}

export const ServerReflectionResponse: Message<ServerReflectionResponse> = message<ServerReflectionResponse>({
  validHost: scalar(1, "text"),
  originalRequest: nested(2, () => ServerReflectionRequest),
  fileDescriptorResponse: nested(4, () => FileDescriptorResponse, "message_response"),
  listServicesResponse: nested(6, () => ListServiceResponse, "message_response"),
  errorResponse: nested(7, () => ErrorResponse, "message_response"),
});

type Info = Method<ServerReflectionRequest, ServerReflectionResponse>;

const infoOf = (version: string): Info =>
  methodsOf(`grpc.reflection.${version}.ServerReflection`).bothStream(
    "ServerReflectionInfo",
    ServerReflectionRequest,
    ServerReflectionResponse,
  );

export const reflectionService: { readonly v1: Info; readonly v1alpha: Info } = {
  v1: infoOf("v1"),
  v1alpha: infoOf("v1alpha"),
};
