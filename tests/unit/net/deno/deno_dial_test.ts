import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { type Failure, failures } from "../../../../src/failure.ts";
import {
  DenoDial,
  type DenoDialListener,
  dialFailure,
} from "../../../../src/net/deno/deno_dial.ts";
import { FakeNetwork } from "../../../support/fakes/fake_network.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { findFreePort } from "../../../support/tools/free_port.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { until } from "../../../support/tools/poll.ts";
import { UnhandledRejections } from "../../../support/tools/unhandled_rejections.ts";
import { assertEquals, assertStrictEquals } from "../../../deps.ts";

class Listener implements DenoDialListener {
  readonly heard: string[] = [];

  connected(connection: Deno.TcpConn): void {
    this.heard.push("connected");
    connection.close();
  }

  dialFailed(failure: Failure): void {
    this.heard.push(failure.name);
  }
}

Deno.test("a connection goes to the listener, and no timer stays behind", async () => {
  using network = new FakeNetwork();
  const listener = new Listener();
  new DenoDial(
    { endpoint: tcpEndpoint("host", 7000), timeoutMs: 60_000 },
    new ManualClock(),
    listener,
  );
  assertEquals([network.attempts[0]!.hostname, network.attempts[0]!.port], ["host", 7000]);
  await network.attempt(7000).succeeds();
  assertEquals(listener.heard, ["connected"]);
});

Deno.test("a refused connection is told once", async () => {
  using network = new FakeNetwork();
  const listener = new Listener();
  new DenoDial(
    { endpoint: tcpEndpoint("host", 7000), timeoutMs: 60_000 },
    new ManualClock(),
    listener,
  );
  await network.attempt(7000).fails();
  assertEquals(listener.heard, ["connect_refused"]);
});

Deno.test("what is not granted is refused without asking, and what is granted by itself is not", async () => {
  using network = new FakeNetwork();
  const { querySync } = Deno.permissions;
  const asked: (string | undefined)[] = [];
  Deno.permissions.querySync = (descriptor) => {
    const { host } = descriptor as Deno.NetPermissionDescriptor;
    asked.push(host);
    return { state: host === "[::1]:7000" ? "granted" : "prompt" } as Deno.PermissionStatus;
  };
  try {
    const [refused, granted] = [new Listener(), new Listener()];
    new DenoDial(
      { endpoint: tcpEndpoint("host", 7001), timeoutMs: 60_000 },
      new ManualClock(),
      refused,
    );
    assertEquals(
      refused.heard,
      [],
      "whoever dials does not hear of it before it can know the attempt",
    );
    await turn();
    assertEquals([refused.heard, network.attempts.length], [["connect_denied"], 0]);
    new DenoDial(
      { endpoint: tcpEndpoint("::1", 7000), timeoutMs: 60_000 },
      new ManualClock(),
      granted,
    );
    await network.attempt(7000).succeeds();
    assertEquals(granted.heard, ["connected"]);
    assertEquals(asked, [undefined, "host:7001", undefined, "[::1]:7000"]);
  } finally {
    Deno.permissions.querySync = querySync;
  }
});

Deno.test("after the deadline the attempt has failed; a connection that comes later is closed", async () => {
  using network = new FakeNetwork();
  const listener = new Listener();
  const clock = new ManualClock();
  new DenoDial({ endpoint: tcpEndpoint("host", 7000), timeoutMs: 100 }, clock, listener);
  clock.advance(99);
  assertEquals(listener.heard, []);
  clock.advance(1);
  assertEquals(listener.heard, ["connect_timeout"]);
  assertEquals(network.attempts[0]!.isAborted, true);
  const late = await network.attempt(7000).succeeds();
  assertEquals([late.isClosed, listener.heard], [true, ["connect_timeout"]]);
});

Deno.test("a connection made in the moment of its deadline is handed out, so that it can be closed", async () => {
  using network = new FakeNetwork();
  const listener = new Listener();
  const clock = new ManualClock();
  new DenoDial({ endpoint: tcpEndpoint("host", 7000), timeoutMs: 100 }, clock, listener);
  clock.advance(99);
  assertEquals(listener.heard, []);
  clock.advance(1);
  // What Deno does when it has connected; if this throws, nobody can close the connection any more.
  network.attempts[0]!.signal!.throwIfAborted();
  const late = await network.attempt(7000).succeeds();
  assertEquals([late.isClosed, listener.heard], [true, ["connect_timeout"]]);
});

Deno.test("a cancelled attempt says nothing, whatever becomes of it", async () => {
  for (const outcome of ["succeeds", "fails"] as const) {
    using network = new FakeNetwork();
    const listener = new Listener();
    const dial = new DenoDial(
      { endpoint: tcpEndpoint("host", 7000), timeoutMs: 60_000 },
      new ManualClock(),
      listener,
    );
    dial.cancel();
    dial.cancel();
    assertEquals(network.attempts[0]!.isAborted, true);
    await network.attempt(7000)[outcome]();
    assertEquals(listener.heard, []);
  }
});

Deno.test("an error of the listener is not taken for a failed connect but left to be seen", async () => {
  using network = new FakeNetwork();
  using rejections = new UnhandledRejections();
  const listener = new Listener();
  const mistake = new Error("mistake");
  listener.connected = () => {
    throw mistake;
  };
  new DenoDial(
    { endpoint: tcpEndpoint("host", 7000), timeoutMs: 60_000 },
    new ManualClock(),
    listener,
  );
  await network.attempt(7000).succeeds();
  await turn();
  assertEquals(listener.heard, []);
  assertStrictEquals(rejections.errors[0], mistake);
});

Deno.test("each error of a connect has its reason", () => {
  assertStrictEquals(
    dialFailure(new Deno.errors.ConnectionRefused("x")),
    failures.connectRefused,
  );
  assertStrictEquals(dialFailure(new Deno.errors.NotCapable("x")), failures.connectDenied);
  assertStrictEquals(dialFailure(new Deno.errors.TimedOut("x")), failures.connectTimeout);
  assertStrictEquals(
    dialFailure(Object.assign(new Error("No route to host (os error 113)"), {
      code: "EHOSTUNREACH",
    })),
    failures.noRouteToHost,
  );
  assertStrictEquals(dialFailure(new Error("something else")), failures.connectFailed);
  assertStrictEquals(dialFailure("anything"), failures.connectFailed);
});

Deno.test("a name that nobody has, and a lookup that nobody answers, are told apart", () => {
  const lookup = (reason: string) =>
    dialFailure(new Error(`failed to lookup address information: ${reason}`));
  assertStrictEquals(lookup("Name or service not known"), failures.nameUnresolved);
  assertStrictEquals(lookup("No address associated with hostname"), failures.nameUnresolved);
  assertStrictEquals(lookup("Temporary failure in name resolution"), failures.nameLookupFailed);
  assertStrictEquals(
    lookup("Non-recoverable failure in name resolution"),
    failures.nameLookupFailed,
  );
});

Deno.test("a real port that nobody listens on refuses; a real listener is connected to", async () => {
  // Not one of the ports that the system gives away: another process could have it by the second dial.
  const port = findFreePort();
  const server = Deno.listen({ hostname: "127.0.0.1", port });
  const reached = new Listener();
  new DenoDial(
    { endpoint: tcpEndpoint("127.0.0.1", port), timeoutMs: 5000 },
    new ManualClock(),
    reached,
  );
  (await server.accept()).close();
  await until(() => reached.heard.length > 0, { what: "an outcome" });
  assertEquals(reached.heard, ["connected"]);
  server.close();
  const refused = new Listener();
  new DenoDial(
    { endpoint: tcpEndpoint("127.0.0.1", port), timeoutMs: 5000 },
    new ManualClock(),
    refused,
  );
  await until(() => refused.heard.length > 0, { what: "an outcome" });
  assertEquals(refused.heard, ["connect_refused"]);
});

Deno.test("a connection that is lost while it is made is called lost", () => {
  for (
    const error of [
      new Deno.errors.ConnectionReset("reset"),
      new Deno.errors.NotConnected("gone"),
      new Deno.errors.ConnectionAborted("aborted"),
    ]
  ) assertStrictEquals(dialFailure(error), failures.backendReset);
});
