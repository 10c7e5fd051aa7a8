import { assertRejects } from "../../../deps.ts";
import { startFakeBackend } from "../../../support/fakes/fake_backend.ts";
import { connectFakeClient } from "../../../support/fakes/fake_client.ts";
import { until } from "../../../support/tools/poll.ts";

Deno.test("a script sees the bytes of both directions, split and joined as they come", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  await client.sends("one\r\n", "two\r\n");
  await backend.receives("one\r\n");
  await backend.receives("two\r\n");
  await backend.sendsInPieces("+three\r\n", 3);
  await client.receives("+three\r\n");
  await client.isSilent();
  await backend.isSilent();
});

Deno.test("receives() fails at the first byte that differs and says where", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  await client.sends("GET kez\r\n");
  await assertRejects(
    () => backend.receives("GET key\r\n"),
    Error,
    'backend connection 1: expected "GET key\\r\\n" but received "GET kez\\r\\n" (from byte 0)',
  );
});

Deno.test("receives() fails when the stream ends first, and when nothing comes in time", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  const connection = await backend.accepts();
  connection.deadlineMs = 20;
  await assertRejects(
    () => connection.receives("x"),
    Error,
    'waited 20 ms in vain for "x" to come',
  );
  client.halfCloses();
  connection.deadlineMs = 5_000;
  await assertRejects(() => connection.receives("x"), Error, "the stream ended");
});

Deno.test("a half-closed end still receives", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  await client.sends("last");
  client.halfCloses();
  await backend.receives("last");
  await backend.receivesEnd();
  await backend.sends("answer");
  await client.receives("answer");
  await backend.closes();
  await client.receivesEnd();
});

Deno.test("receivesEnd() fails if a byte comes before the end", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  await backend.sends("x");
  await backend.closes();
  await assertRejects(() => client.receivesEnd(), Error, 'expected the end, but received "x"');
});

Deno.test("resets() is seen as a lost connection", async () => {
  await using backend = await startFakeBackend();
  const connection = await Deno.connect({ port: backend.port });
  await backend.accepts();
  await backend.resets();
  await assertRejects(() => connection.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  connection.close();
});

Deno.test("isSilent() fails while bytes, the end or a connection wait to be taken", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  await client.sends("ab");
  await backend.receives("a");
  await assertRejects(() => backend.isSilent(), Error, 'expected silence, but received "b"');
  await backend.receives("b");
  await backend.isSilent();
  await using _second = await connectFakeClient(backend.port);
  await until(() => backend.connectionCount === 2, { what: "a second connection" });
  await assertRejects(() => backend.isSilent(), Error, "unexpected connection");
});

Deno.test("a backend that refuses can listen again on its port", async () => {
  await using backend = await startFakeBackend();
  await backend.refuses();
  await assertRejects(() => connectFakeClient(backend.port));
  await backend.listens();
  await using client = await connectFakeClient(backend.port);
  await client.sends("back");
  await backend.receives("back");
});

Deno.test("what a stalled end does not read stays unread until it reads", async () => {
  await using backend = await startFakeBackend();
  await using client = await connectFakeClient(backend.port);
  client.deadlineMs = 50;
  const connection = await backend.accepts();
  const content = new Uint8Array(32 * 1024 * 1024).fill(0x61);
  await assertRejects(() => client.sends(content), Error, "33554432 bytes were not taken in time");
  await connection.receives(content);
});
