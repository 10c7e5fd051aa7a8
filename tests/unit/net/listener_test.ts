import { Listener } from "../../../src/net/listener.ts";
import { findFreePort } from "../../support/free_port.ts";
import { until } from "../../support/poll.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

const local = { hostname: "127.0.0.1", port: 0, sharesPort: false };

Deno.test("every connection goes to the callback until the listener is closed", async () => {
  const accepted: Deno.TcpConn[] = [];
  const errors: unknown[] = [];
  const listener = new Listener(
    local,
    (connection) => accepted.push(connection),
    (error) => errors.push(error),
  );
  const { port } = listener;
  const clients = [];
  for (let index = 0; index < 3; index++) clients.push(await Deno.connect({ port }));
  await until(() => accepted.length === 3, { what: "three connections" });
  await Promise.all([listener.close(), listener.close()]);
  assertEquals(await isRefused(port), true);
  assertEquals(accepted.length, 3);
  for (const connection of [...clients, ...accepted]) connection.close();
  assertEquals(errors, []);
});

Deno.test("a taken address is an error at once; a shared port can be taken twice", () => {
  const ignore = () => {};
  const holder = new Listener(local, ignore, ignore);
  const taken = { ...local, port: holder.port };
  assertThrows(() => new Listener(taken, ignore, ignore), Deno.errors.AddrInUse);
  holder.close();
  const first = new Listener({ ...local, sharesPort: true }, ignore, ignore);
  const second = new Listener({ ...local, port: first.port, sharesPort: true }, ignore, ignore);
  assertEquals(second.port, first.port);
  first.close();
  second.close();
});

Deno.test("the port is free when close() has settled", async () => {
  const ignore = () => {};
  const { hostname } = local;
  const port = findFreePort();
  for (let count = 0; count < 100; count++) {
    await new Listener({ ...local, port }, ignore, ignore).close();
    Deno.listen({ hostname, port }).close();
  }
});

Deno.test("an accept that fails is reported, and accepting goes on", async () => {
  const errors: unknown[] = [];
  let accepted = 0;
  const listener = new Listener(
    local,
    (connection) => {
      accepted += 1;
      connection.close();
      if (accepted === 1) throw new Error("out of descriptors");
    },
    (error) => errors.push((error as Error).message),
  );
  for (const count of [1, 2]) {
    (await Deno.connect({ port: listener.port })).close();
    await until(() => accepted === count, { what: `connection ${count}` });
  }
  assertEquals(errors, ["out of descriptors"]);
  listener.close();
});

async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}
