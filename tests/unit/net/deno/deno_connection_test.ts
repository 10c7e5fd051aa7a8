import { tcpEndpoint, unixBindPath, unixEndpoint } from "../../../../src/endpoint.ts";
import { type DenoConn, localEnd, peerEnd } from "../../../../src/net/deno/deno_connection.ts";
import { assertEquals } from "../../../deps.ts";

function connection(localAddr: unknown, remoteAddr: unknown): DenoConn {
  return { localAddr, remoteAddr } as unknown as DenoConn;
}

function unix(path: string | null): unknown {
  return { transport: "unix", path };
}

Deno.test("the ends of a TCP connection are addresses", () => {
  const tcp = (port: number) => ({ transport: "tcp", hostname: "::1", port });
  const conn = connection(tcp(1), tcp(2));
  assertEquals([localEnd(conn), peerEnd(conn)], [tcpEndpoint("::1", 1), tcpEndpoint("::1", 2)]);
});

Deno.test("an end without a name is that of the socket that it came by, wherever that was made", () => {
  const socket = unixEndpoint("/run/a.sock");
  const accepted = connection(unix(unixBindPath("/run/a.sock")), unix(null));
  assertEquals([localEnd(accepted), peerEnd(accepted)], [socket, socket]);
  const dialled = connection(unix(null), unix("/run/a.sock"));
  assertEquals([localEnd(dialled), peerEnd(dialled)], [null, socket]);
});
