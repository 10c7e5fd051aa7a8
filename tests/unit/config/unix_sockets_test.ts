/**
 * What files say of unix sockets, and what has to be granted for them.
 *
 * @module
 */
import { listenGrants, socketFiles } from "../../../src/config/unix_sockets.ts";
import { unixEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { clusterOf, problemsOf, redisText, slotsText, warningsOf } from "./load_text.ts";

const FRONT = "unix:/run/front.sock";

function unixText(lines = "", servers?: string): string {
  return redisText(lines, servers).replace("127.0.0.1:9001", FRONT);
}

Deno.test("a cluster listens at a unix socket, by a mode that is its owner's unless it is said", () => {
  const { listen, unixMode } = clusterOf(unixText());
  assertEquals([listen, unixMode], [unixEndpoint("/run/front.sock"), 0o600]);
  assertEquals(clusterOf(unixText('unix_mode = "0660"')).unixMode, 0o660);
  assertEquals(clusterOf(unixText('unix_mode = "666"')).unixMode, 0o666);
  assertEquals(clusterOf(slotsText().replace("127.0.0.1:9001", FRONT)).listen.kind, "unix");
});

Deno.test("a mode is three octal digits", () => {
  for (const value of ['"0999"', '"1777"', '"66"', '"rw"', "432"]) {
    assertEquals(problemsOf(unixText(`unix_mode = ${value}`)), [
      `a.toml: clusters[0].unix_mode = ${value}: expected three octal digits such as "0660"`,
    ]);
  }
});

Deno.test("a mode without a unix socket is a warning", () => {
  assertEquals(warningsOf(redisText('unix_mode = "0660"')), [
    'a.toml: clusters[0].unix_mode = "0660": has no effect: listen_addr is no unix socket',
  ]);
});

Deno.test("listen_proto of old files has to say what listen_addr is", () => {
  assertEquals(problemsOf(redisText('listen_proto = "tcp"')), []);
  assertEquals(problemsOf(unixText('listen_proto = "unix"')), []);
  const bare = unixText('listen_proto = "unix"').replace(FRONT, "/run/front.sock");
  assertEquals(problemsOf(bare), []);
  assertEquals(problemsOf(unixText('listen_proto = "tcp"')), [
    'a.toml: clusters[0].listen_proto = "tcp": expected "unix": clusters[0].listen_addr is a unix ' +
    `socket (${FRONT})`,
  ]);
  assertEquals(problemsOf(redisText('listen_proto = "unix"')), [
    'a.toml: clusters[0].listen_proto = "unix": expected "tcp", or a path such as ' +
    '"unix:/run/aster.sock" in clusters[0].listen_addr',
  ]);
  assertEquals(problemsOf(redisText('listen_proto = "udp"')), [
    'a.toml: clusters[0].listen_proto = "udp": expected "tcp" or "unix"',
  ]);
});

Deno.test("on Deno's sockets one worker serves a unix socket, and that is said; on epoll all do", () => {
  const text = unixText("thread = 4");
  assertEquals(clusterOf(text).thread, 1);
  assertEquals(warningsOf(text), [
    `a.toml: clusters[0].listen_addr = "${FRONT}": one worker serves this unix socket, not 4: on ` +
    'Deno\'s sockets workers cannot share one; io = "epoll" can',
  ]);
  const onEpoll = `[runtime]\nio = "epoll"\n${text}`;
  assertEquals([clusterOf(onEpoll).thread, warningsOf(onEpoll)], [4, []]);
  assertEquals([clusterOf(unixText()).thread, warningsOf(unixText())], [1, []]);
});

Deno.test("two clusters cannot have one socket, nor one its own among its servers", () => {
  const twice = unixText() +
    unixText().replace('"one"', '"two"').replace("/run/front", "/run//x/../front");
  assertEquals(problemsOf(twice), [
    'a.toml: clusters[1].listen_addr = "unix:/run//x/../front.sock": expected an address of its ' +
    `own: clusters[0].listen_addr is ${FRONT}`,
  ]);
  assertEquals(problemsOf(unixText("", '["/run/front.sock:1"]')), [
    'a.toml: clusters[0].servers[0] = "/run/front.sock:1": expected another address than the ' +
    `cluster's own: clusters[0].listen_addr is ${FRONT}; give the cluster another listen_addr, or ` +
    "name the server's own port here",
  ]);
});

Deno.test("a fault of a socket says what a socket would look like, and a seed is none", () => {
  assertEquals(problemsOf(redisText("", '["unix:redis.sock:1"]')), [
    'a.toml: clusters[0].servers[0] = "unix:redis.sock:1": expected "unix:/path[:weight] [alias]": ' +
    'a unix socket has an absolute path: "unix:/path"',
  ]);
  assertEquals(problemsOf(slotsText("", '["unix:/run/redis.sock"]')), [
    'a.toml: clusters[0].servers[0] = "unix:/run/redis.sock": expected a seed "host:port": the ' +
    "nodes of a Redis Cluster are reached by TCP alone: a seed is no unix socket",
  ]);
});

Deno.test("what is granted is where a socket is found and where it is made, and the servers' files", () => {
  const cluster = clusterOf(unixText("", '["/run/a.sock:1", "127.0.0.1:1", "unix:/run/b.sock"]'));
  assertEquals(listenGrants(cluster), [
    FRONT,
    "unix:/run/front.sock.new/s",
    "unix:/run/front.sock.new/r",
  ]);
  assertEquals(socketFiles(cluster), [
    "/run/front.sock",
    "/run/front.sock.new",
    "/run/a.sock",
    "/run/b.sock",
  ]);
  const plain = clusterOf(redisText());
  assertEquals([listenGrants(plain), socketFiles(plain)], [["127.0.0.1:9001"], []]);
});
