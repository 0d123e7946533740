import {
  type DescribedFile,
  describedFiles,
  reflectionService,
  type ServerReflectionRequest,
  ServerReflectionResponse,
} from "@plinth/etcd";
import { implement, type Implementation, type ServerCall, Status } from "@plinth/grpc";

type Answer = Partial<ServerReflectionResponse>;

/** Tells tools which methods and messages there are; `services` are full names. */
export function reflectionImplementation(services: readonly string[]): Implementation[] {
  const files = new Map(describedFiles().map((file) => [file.name, file]));
  const bySymbol = new Map(
    [...files.values()].flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)),
  );
  const answer = (request: ServerReflectionRequest): Answer => {
    if (request.listServices !== undefined) {
      return { listServicesResponse: { service: services.map((name) => ({ name })) } };
    }
    const { fileByFilename: name, fileContainingSymbol: symbol } = request;
    const file = name === undefined ? bySymbol.get(symbol ?? "") : files.get(name);
    if (file === undefined)
      return { errorResponse: { errorCode: Status.notFound, errorMessage: "not found" } };
    return { fileDescriptorResponse: { fileDescriptorProto: withDependencies(file, files) } };
  };
  const info = async function* info(
    call: ServerCall<ServerReflectionRequest>,
  ): AsyncGenerator<ServerReflectionResponse> {
    for await (const request of call.requests) {
      const { host } = request;
      yield ServerReflectionResponse.of({ validHost: host, originalRequest: request, ...answer(request) });
    }
  };
  return Object.values(reflectionService).map((method) => implement(method, info));
}

/** The file, and all that it needs. */
function withDependencies(file: DescribedFile, files: ReadonlyMap<string, DescribedFile>): Uint8Array[] {
  const found = new Set([file]);
  for (const { dependencies } of found) for (const name of dependencies) found.add(files.get(name)!);
  return [...found].map(({ bytes }) => bytes);
}
