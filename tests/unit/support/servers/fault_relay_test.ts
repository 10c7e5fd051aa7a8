import { assert, assertEquals, assertRejects } from "../../../deps.ts";
import { connectFakeClient } from "../../../support/fakes/fake_client.ts";
import { startFakeBackend } from "../../../support/fakes/fake_backend.ts";
import { startFaultRelay } from "../../../support/servers/fault_relay.ts";
import { until } from "../../../support/tools/poll.ts";

Deno.test("a relay forwards both ways, holds replies back and lets them go", async () => {
  await using backend = await startFakeBackend();
  await using relay = await startFaultRelay(backend.port);
  await using client = await connectFakeClient(relay.port);
  await client.sends("ping");
  await backend.receives("ping");
  relay.hold("replies");
  await backend.sends("late");
  await until(() => relay.heldBytes === 4, { what: "the relay holds the reply" });
  await client.sends("more");
  await backend.receives("more");
  await client.isSilent();
  await relay.heal();
  await client.receives("late");
  await client.halfCloses();
  await backend.receivesEnd();
  await backend.sends("last");
  await client.receives("last");
});

Deno.test("a relay cuts a connection behind the byte it was told", async () => {
  await using backend = await startFakeBackend();
  await using relay = await startFaultRelay(backend.port);
  await using client = await connectFakeClient(relay.port);
  await client.sends("ping");
  await backend.receives("ping");
  relay.cut("replies", () => 3, "end");
  await backend.sends("answer");
  await client.receives("ans");
  await client.receivesEnd();
  await until(() => relay.linkCount === 0, { what: "the relay has closed both sides" });
});

Deno.test("a relay refuses and drops connections until it is healed", async () => {
  await using backend = await startFakeBackend();
  await using relay = await startFaultRelay(backend.port);
  await relay.refuse();
  await assertRejects(() => connectFakeClient(relay.port));
  await relay.heal();
  relay.drop();
  await using dropped = await connectFakeClient(relay.port);
  await dropped.receivesEnd();
  await relay.heal();
  await using client = await connectFakeClient(relay.port);
  await client.sends("ping");
  await backend.receives("ping");
});

Deno.test("a relay hands on a stream in small pieces and in order", async () => {
  await using backend = await startFakeBackend();
  await using relay = await startFaultRelay(backend.port);
  await using client = await connectFakeClient(relay.port);
  await client.sends("x");
  await backend.receives("x");
  relay.chop(7);
  const text = Array.from({ length: 50 }, (_, index) => `line ${index}\n`).join("");
  await client.sends(text);
  await backend.receives(text);
  assert(relay.linkCount === 1);
  assertEquals(relay.heldBytes, 0);
});

Deno.test("a relay holds one connection's bytes alone", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const echoes = (async () => {
    for await (const conn of listener) conn.readable.pipeTo(conn.writable).catch(() => {});
  })();
  await using relay = await startFaultRelay((listener.addr as Deno.NetAddr).port);
  const open = () => Deno.connect({ hostname: "127.0.0.1", port: relay.port });
  const [held, other] = [await open(), await open()];
  const echo = async (conn: Deno.TcpConn, text: string) => {
    await conn.write(new TextEncoder().encode(text));
    const room = new Uint8Array(8);
    return new TextDecoder().decode(room.subarray(0, await conn.read(room) ?? 0));
  };
  assertEquals(await echo(held, "one"), "one");
  relay.holdFrom((held.localAddr as Deno.NetAddr).port, "replies");
  const late = echo(held, "late");
  await until(() => relay.heldBytes === 4, { what: "the relay holds the reply" });
  assertEquals(await echo(other, "other"), "other");
  await relay.heal();
  assertEquals(await late, "late");
  held.close();
  other.close();
  listener.close();
  await echoes;
});
