import { DenoListener } from "../../../../src/net/deno/deno_listener.ts";
import { until } from "../../../support/poll.ts";
import { assertEquals, assertThrows } from "../../../deps.ts";

const local = { hostname: "127.0.0.1", port: 0, sharesPort: false };

Deno.test("every connection goes to the callback until the listener is closed", async () => {
  const accepted: Deno.TcpConn[] = [];
  const errors: unknown[] = [];
  const listener = new DenoListener(local, {
    accepted: (connection) => accepted.push(connection),
    acceptFailed: (error) => errors.push(error),
  });
  const { port } = listener;
  const clients = [];
  for (let index = 0; index < 3; index++) clients.push(await Deno.connect({ port }));
  await until(() => accepted.length === 3, { what: "three connections" });
  await Promise.all([listener.close(), listener.close()]);
  Deno.listen({ hostname: "127.0.0.1", port }).close();
  assertEquals(accepted.length, 3);
  for (const connection of [...clients, ...accepted]) connection.close();
  assertEquals(errors, []);
});

Deno.test("a taken address is an error at once; a shared port can be taken twice", () => {
  const ignore = { accepted: () => {}, acceptFailed: () => {} };
  const holder = new DenoListener(local, ignore);
  const taken = { ...local, port: holder.port };
  assertThrows(() => new DenoListener(taken, ignore), Deno.errors.AddrInUse);
  holder.close();
  const first = new DenoListener({ ...local, sharesPort: true }, ignore);
  const second = new DenoListener({ ...local, port: first.port, sharesPort: true }, ignore);
  assertEquals(second.port, first.port);
  first.close();
  second.close();
});

Deno.test("an accept that fails is reported, and accepting goes on", async () => {
  const errors: unknown[] = [];
  let accepted = 0;
  const listener = new DenoListener(local, {
    accepted: (connection) => {
      accepted += 1;
      connection.close();
      if (accepted === 1) throw new Error("out of descriptors");
    },
    acceptFailed: (error) => errors.push((error as Error).message),
  });
  for (const count of [1, 2]) {
    (await Deno.connect({ port: listener.port })).close();
    await until(() => accepted === count, { what: `connection ${count}` });
  }
  assertEquals(errors, ["out of descriptors"]);
  listener.close();
});

Deno.test("a listener that waits after a failed accept ends at once", async () => {
  const failed = Promise.withResolvers<void>();
  const listener = new DenoListener(local, {
    accepted: (connection) => {
      connection.close();
      throw new Error("out of descriptors");
    },
    acceptFailed: () => failed.resolve(),
  });
  const { port } = listener;
  (await Deno.connect({ port })).close();
  await failed.promise;
  await listener.close();
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});
