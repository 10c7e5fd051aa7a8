/**
 * `aster top` as a person sees it, on a terminal, and as a program reads it.
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { delay } from "../support/tools/poll.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { TerminalProgram } from "../support/programs/terminal_program.ts";

function configText(server: string, port: number): string {
  return `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${server}:1 first"]
slowlog_log_slower_than = 0
`;
}

Deno.test("top shows servers and commands, sorts and filters, and leaves the terminal as it was", async () => {
  await using server = await startRedisServer();
  await using aster = await startAster((port) => configText(server.address, port), {
    metrics: true,
  });
  using client = await RespClient.connect({ port: aster.port });
  await client.call("SET", "some:key", "v");
  const words = ["mod.ts", "top", "--admin", String(aster.metricsPort), "--interval", "0.2"];
  await using top = new TerminalProgram(words);
  await top.shows(/nothing is wrong/);
  await top.shows(/first\s+up/);
  await top.type("2");
  await top.shows(/main\s+set\s+/);
  await top.type("3");
  await top.shows(/SET some:key v/);
  await top.type("/nosuch\r");
  await top.shows(/none/);
  await server.kill();
  await client.pipeline([["GET", "some:key"]]);
  await top.type("\x1b1");
  await top.shows(/main: first is down/);
  await top.type("q");
  assertEquals(await top.end(), 0);
  assert(top.output.includes("\x1b[?1049h") && top.output.includes("\x1b[?25h\x1b[?1049l"));
});

Deno.test("top says which worker stood still, and which clients do not read", async () => {
  await using server = await startRedisServer();
  await using aster = await startAster((port) => configText(server.address, port), {
    metrics: true,
  });
  using client = await RespClient.connect({ port: aster.port });
  await client.call("SET", "large", "v".repeat(1_000_000));
  const words = ["mod.ts", "top", "--admin", String(aster.metricsPort), "--interval", "0.2"];
  await using top = new TerminalProgram(words);
  await top.shows(/nothing is wrong/);
  using other = await Deno.connect({ port: aster.port, hostname: "127.0.0.1" });
  for (let read = 0; read < 24; read++) await other.write(encodeCommand(["GET", "large"]));
  await top.shows(/main: clients of 127\.0\.0\.1 do not take their replies/);
  Deno.kill(aster.pid, "SIGSTOP");
  // As long as the worker is to stand still.
  await delay(400);
  Deno.kill(aster.pid, "SIGCONT");
  await top.shows(/Worker 0 was busy for (?:[3-9]\d\d|\d{4,}) ms/);
  await top.type("q");
  assertEquals(await top.end(), 0);
});

Deno.test("top --once --json is for programs", async () => {
  await using server = await startRedisServer();
  await using aster = await startAster((port) => configText(server.address, port), {
    metrics: true,
  });
  using client = await RespClient.connect({ port: aster.port });
  await client.call("SET", "k", "v");
  const admin = ["--admin", String(aster.metricsPort), "--interval", "0.2", "--once"];
  const run = async (...more: string[]) => {
    const args = ["run", "-A", "--no-check", "mod.ts", "top", ...admin, ...more];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    return { code, text: new TextDecoder().decode(stdout) };
  };
  const json = await run("--json");
  const view = JSON.parse(json.text);
  assertEquals([json.code, view.ready, view.backends[0].name, view.commands[0].command], [
    ...[0, true, "first", "set"],
  ]);
  const text = await run();
  assertEquals(text.code, 0);
  assertMatch(text.text, /main\s+first\s+up/);
});
