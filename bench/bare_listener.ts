/**
 * What Deno itself keeps of short connections: it accepts, answers once what it reads, and closes; nothing else.
 *
 *     deno run --allow-net bench/bare_listener.ts 7000
 *
 * @module
 */
const listener = Deno.listen({ hostname: "0.0.0.0", port: Number(Deno.args[0]), tcpBacklog: 4096 });
console.log("listens");
for await (const connection of listener) serve(connection);

async function serve(connection: Deno.TcpConn): Promise<void> {
  const room = new Uint8Array(512);
  try {
    while (await connection.read(room) !== null) {
      await connection.write(new TextEncoder().encode("+PONG\r\n"));
    }
  } catch {
    // The client has reset it.
  }
  connection.close();
}
