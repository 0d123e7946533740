import { once } from "node:events";
import { connect } from "node:net";
import { GrpcClient, type Method } from "@plinth/grpc";
import { connect as connectHttp2 } from "@plinth/http2";
import { PORT } from "./contenders.ts";

/** Makes one call on a connection of its own. */
export async function callOnce<Request, Response>(
  method: Method<Request, Response>,
  request: Request,
): Promise<Response> {
  const socket = connect({ port: PORT, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    const client = new GrpcClient(connectHttp2(socket), { authority: `127.0.0.1:${PORT}` });
    return await client.unary(method, request);
  } finally {
    socket.destroy();
  }
}
