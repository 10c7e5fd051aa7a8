import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { DenoListener } from "../../../../src/net/deno/deno_listener.ts";
import { ACCEPT_RETRY_MS } from "../../../../src/net/io_engine.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../../support/tools/poll.ts";
import { UnhandledRejections } from "../../../support/tools/unhandled_rejections.ts";
import { assert, assertEquals, assertThrows } from "../../../deps.ts";

const local = { endpoint: tcpEndpoint("127.0.0.1", 0), sharesPort: false };

Deno.test("every connection goes to the callback until the listener is closed", async () => {
  const accepted: Deno.Conn[] = [];
  const errors: unknown[] = [];
  const listener = new DenoListener(local, {
    lack: null,
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
  const ignore = { lack: null, accepted: () => {}, acceptFailed: () => {} };
  const holder = new DenoListener(local, ignore);
  const taken = { ...local, endpoint: tcpEndpoint("127.0.0.1", holder.port) };
  assertThrows(() => new DenoListener(taken, ignore), Deno.errors.AddrInUse);
  holder.close();
  const first = new DenoListener({ ...local, sharesPort: true }, ignore);
  const second = new DenoListener({
    endpoint: tcpEndpoint("127.0.0.1", first.port),
    sharesPort: true,
  }, ignore);
  assertEquals(second.port, first.port);
  first.close();
  second.close();
});

Deno.test("a client that is lost before it is accepted holds up nobody", async () => {
  using system = new FakeListening();
  const heard: string[] = [];
  const listener = new DenoListener(local, {
    lack: null,
    accepted: () => heard.push("accepted"),
    acceptFailed: ({ name }) => heard.push(name),
  });
  const lost = ["ENOTCONN", "ECONNABORTED", "EPROTO", "ENETDOWN", "EINTR"];
  for (const code of lost) system.outcomes.push(systemError(code));
  system.outcomes.push("accepted");
  system.listens();
  await turn();
  assertEquals(heard, [...lost.map(() => "client_reset"), "accepted"]);
  await listener.close();
});

Deno.test("what is used up is reported, and tried again after a while", async () => {
  const lacking = [
    ["EMFILE", "too_many_open_files"],
    ["ENFILE", "too_many_open_files_in_system"],
    ["ENOBUFS", "out_of_memory"],
    ["ENOMEM", "out_of_memory"],
  ];
  for (const [code, reason] of lacking) {
    using system = new FakeListening();
    const heard: string[] = [];
    const listener = new DenoListener(local, {
      lack: null,
      accepted: () => heard.push("accepted"),
      acceptFailed: ({ name }) => heard.push(name),
    });
    system.outcomes.push(systemError(code!), "accepted");
    const failedMs = performance.now();
    system.listens();
    await turn();
    assertEquals(heard, [reason]);
    await until(() => heard.length > 1, { what: "the next try", intervalMs: 1 });
    assert(performance.now() - failedMs >= ACCEPT_RETRY_MS - 2, "it waited");
    assertEquals(heard, [reason, "accepted"]);
    await listener.close();
  }
});

Deno.test("a flood of connections, lost ones too, leaves turns to others", async () => {
  for (const outcome of ["accepted", systemError("ENOTCONN")] as const) {
    using system = new FakeListening();
    let heard = 0;
    const count = () => heard += 1;
    const listener = new DenoListener(local, {
      lack: null,
      accepted: count,
      acceptFailed: count,
    });
    for (let index = 0; index < 1000; index++) system.outcomes.push(outcome);
    system.listens();
    // All microtasks run before this.
    await new Promise((resolve) => setImmediate(resolve));
    assert(heard > 0 && heard < 1000, `${heard} in one turn`);
    await until(() => heard === 1000, { what: "all of them", intervalMs: 1 });
    await listener.close();
  }
});

Deno.test("an error of whoever takes a connection is not taken for one of the listener", async () => {
  using system = new FakeListening();
  using rejections = new UnhandledRejections();
  const heard: string[] = [];
  const mistake = new Error("mistake");
  new DenoListener(local, {
    lack: null,
    accepted: () => {
      throw mistake;
    },
    acceptFailed: ({ name }) => heard.push(name),
  });
  system.outcomes.push("accepted");
  system.listens();
  await turn();
  await turn();
  assertEquals([heard, rejections.errors], [[], [mistake]]);
});

Deno.test("a listener that waits for what is lacking ends at once", async () => {
  using system = new FakeListening();
  const failed = Promise.withResolvers<void>();
  const listener = new DenoListener(local, {
    lack: null,
    accepted: () => {},
    acceptFailed: () => failed.resolve(),
  });
  system.outcomes.push(systemError("EMFILE"));
  system.listens();
  await failed.promise;
  await listener.close();
});

Deno.test("a listener that is to close does so in the moment when nobody waits any more", async () => {
  using system = new FakeListening();
  let accepted = 0;
  const count = () => accepted += 1;
  const listener = new DenoListener(local, { lack: null, accepted: count, acceptFailed: count });
  for (let index = 0; index < 3; index++) system.outcomes.push("accepted");
  const closed = listener.close();
  system.listens();
  // All microtasks run before this, and not the turns of timers within which somebody else may come.
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals([accepted, system.isClosed], [3, true]);
  await closed;
});

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** While it lives `Deno.listen` gives a listener whose accepts the test scripts. */
class FakeListening implements Disposable {
  /** How each accept ends, in order; further ones wait until the listener is closed. */
  readonly outcomes: ("accepted" | Error)[] = [];
  isClosed = false;
  readonly #listen = Deno.listen;
  readonly #closed = Promise.withResolvers<never>();
  readonly #begin = Promise.withResolvers<void>();

  constructor() {
    this.#closed.promise.catch(() => {});
    const listener = {
      addr: { port: 7000 },
      accept: () => this.#accept(),
      close: () => {
        this.isClosed = true;
        this.#closed.reject(new Deno.errors.BadResource("closed"));
      },
    };
    Deno.listen = (() => listener) as unknown as typeof Deno.listen;
  }

  /** Lets the first accept have its outcome. */
  listens(): void {
    this.#begin.resolve();
  }

  async #accept(): Promise<Deno.TcpConn> {
    await this.#begin.promise;
    const outcome = this.outcomes.shift();
    if (outcome === undefined) return await this.#closed.promise;
    if (outcome instanceof Error) throw outcome;
    return {} as Deno.TcpConn;
  }

  [Symbol.dispose](): void {
    Deno.listen = this.#listen;
  }
}
