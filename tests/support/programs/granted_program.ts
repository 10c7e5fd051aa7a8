/**
 * The epoll engine in a process that may call the C library and nothing else: chosen, then used
 * for all that it needs the library for. Writes what happened as JSON, or why the engine cannot be
 * chosen.
 *
 * @module
 */
import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { Clock } from "../../../src/clock.ts";
import type { IoChoice } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { createEngine } from "../../../src/net/create_engine.ts";
import { chooseIo, IoUnavailable } from "../../../src/supervisor/io_choice.ts";
import { DialOutcome, SocketEnd } from "../rigs/engine_scene.ts";
import { until } from "../tools/poll.ts";

if (import.meta.main) {
  console.log(JSON.stringify(await report()));
}

async function report(): Promise<Record<string, unknown>> {
  try {
    return await use(chooseIo("epoll"));
  } catch (error) {
    if (!(error instanceof IoUnavailable)) throw error;
    return { unavailable: error.message };
  }
}

async function use(choice: IoChoice): Promise<Record<string, unknown>> {
  const engine = createEngine(choice, new Clock());
  const pool = new ChunkPool();
  const acceptor = {
    lack: null,
    accepted: (connection: ConstructorParameters<typeof SocketEnd>[1]) => {
      const server = new SocketEnd(engine, connection, pool);
      server.echo();
      server.socket.resume();
    },
    acceptFailed: () => {},
  };
  const options = { endpoint: tcpEndpoint("localhost", 0), sharesPort: false };
  const listener = engine.listen(options, acceptor);
  const { port } = listener;
  let client: SocketEnd | undefined;
  const known = new DialOutcome();
  known.onConnected = (connection) => client = new SocketEnd(engine, connection, pool);
  const unknown = new DialOutcome();
  engine.dial({ endpoint: tcpEndpoint("localhost", port), timeoutMs: 5000 }, known);
  engine.dial({ endpoint: tcpEndpoint("no-such-host.invalid", port), timeoutMs: 5000 }, unknown);
  await until(() => known.heard.length + unknown.heard.length === 2, { what: "both outcomes" });
  client!.socket.resume();
  client!.send("hello");
  await until(() => client!.receiver.text === "hello", { what: "the echo" });
  const taken = messageOf(() =>
    engine.listen({ ...options, endpoint: tcpEndpoint("localhost", port) }, acceptor)
  );
  await listener.close();
  const refused = new DialOutcome();
  engine.dial({ endpoint: tcpEndpoint("127.0.0.1", port), timeoutMs: 5000 }, refused);
  await until(() => refused.heard.length > 0, { what: "the refusal" });
  const net = (await Deno.permissions.query({ name: "net" })).state;
  engine.close();
  const heard = [known.heard, unknown.heard, refused.heard].flat();
  return { choice, heard, taken, net, echo: client!.receiver.text };
}

function messageOf(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
