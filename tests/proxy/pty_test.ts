import { assert, assertEquals, assertMatch } from "../deps.ts";
import { withFreePorts } from "../support/tools/free_port.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { ScriptedNode } from "../support/fakes/scripted_node.ts";
import { makeServerDirectory, removeServerDirectory } from "../support/servers/server_process.ts";
import { QUESTION, TerminalProgram } from "../support/programs/terminal_program.ts";
import { testIo } from "../support/tools/test_engine.ts";

// A permission that was given up makes Deno ask again, but only on a terminal: so these run on one.

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    signal: AbortSignal.timeout(5_000),
  });
  return await response.text();
}

const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "on a terminal the proxy serves, answers operators and ends, and never asks",
  ignore,
  async fn() {
    await withFreePorts(2, async ([port, adminPort]) => {
      const directory = await makeServerDirectory();
      try {
        const file = `${directory}/aster.toml`;
        await Deno.writeTextFile(
          file,
          `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["localhost:9:1"]
thread = 2
`,
        );
        await using program = new TerminalProgram([
          ...["mod.ts", file, "-m", `${adminPort}`],
          ...["--io", testIo()],
        ]);
        await program.shows(/aster is ready/);
        assert(!program.output.includes("{"), "text, not JSON, on a terminal");
        using client = await RespClient.connect({ port: port! });
        const [pong, get1] = await client.pipeline([["PING"], ["GET", "key"]]);
        assertEquals(pong, "PONG");
        assert(get1 instanceof Error, "the backend is down");
        assertMatch(await get(adminPort!, "/metrics"), /^aster_cpu_usage /m);
        assertMatch(await get(adminPort!, "/metrics"), /^aster_memory_usage [1-9]/m);
        assertMatch(await get(adminPort!, "/health"), /"healthy": true/);
        assertMatch(await get(adminPort!, "/status"), /"name": "main"/);
        assertMatch(await get(adminPort!, "/nothing"), /Try/);
        assertEquals(await program.stop(), 0);
        assert(!QUESTION.test(program.output), program.output);
      } finally {
        await removeServerDirectory(directory);
      }
    });
  },
});

Deno.test({
  name:
    "on a terminal a node that the file does not name is refused under network = config, not asked for",
  ignore,
  async fn() {
    await withFreePorts(2, async ([port, adminPort]) => {
      await using seed = new ScriptedNode();
      await using other = new ScriptedNode();
      seed.serves([0, 16_383, other.address]);
      const directory = await makeServerDirectory();
      try {
        const file = `${directory}/aster.toml`;
        await Deno.writeTextFile(
          file,
          `[runtime]
network = "config"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis_cluster"
servers = ["${seed.address}"]
`,
        );
        await using program = new TerminalProgram(["mod.ts", file, "-m", `${adminPort}`]);
        await program.shows(/Slot map changed/);
        using client = await RespClient.connect({ port: port! });
        const reply = await withDeadline(client.call("GET", "key").catch(String), "an answer");
        assertMatch(String(reply), /network permission denied/);
        assertMatch(await get(adminPort!, "/health"), /"healthy": true/);
        assertEquals(await program.stop(), 0);
        assert(!QUESTION.test(program.output), program.output);
      } finally {
        await removeServerDirectory(directory);
      }
    });
  },
});

Deno.test({
  name: "on a terminal workers are replaced after privileges were given up, and nothing asks",
  ignore,
  async fn() {
    await withFreePorts(2, async ([port, adminPort]) => {
      const args = ["tests/proxy/crashing_program.ts", `${port}`, `${adminPort}`];
      await using program = new TerminalProgram(args);
      await program.shows(/program is ready/);
      for (let death = 1; death <= 3; death++) {
        const connection = await Deno.connect({ port: port! });
        const backs = new RegExp(`(Worker is back[^]*){${death}}`);
        await program.shows(backs);
        connection.close();
      }
      assertMatch(program.output, /Worker ended worker=0 reason="Error: died of a connection/);
      assert(!program.output.includes("Uncaught"), program.output);
      const metrics = await get(adminPort!, "/metrics");
      assertMatch(metrics, /^aster_worker_restarts_total 3$/m);
      assertMatch(metrics, /^aster_front_connection_incr\{cluster="main"\} 3$/m);
      assertEquals(await program.stop(), 0);
      assert(!QUESTION.test(program.output), program.output);
    });
  },
});

Deno.test({
  name: "on a terminal nobody is asked where the C library is, granted or not",
  ignore,
  async fn() {
    const directory = await makeServerDirectory();
    try {
      const file = `${directory}/aster.toml`;
      await Deno.writeTextFile(
        file,
        `[runtime]
io = "epoll"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:7"
cache_type = "redis"
servers = ["localhost:9:1"]
`,
      );
      const granted = ["--allow-env", "--allow-net", "--allow-sys", `--allow-read=${file}`];
      await using refused = new TerminalProgram(["mod.ts", file], granted);
      assertEquals(await refused.end(), 2);
      assertMatch(refused.output, /needs FFI permission for the C library: --allow-ffi=\/lib/);
      await using printed = new TerminalProgram(["mod.ts", file, "--print-permissions"], granted);
      assertEquals(await printed.end(), 0);
      assertMatch(printed.output, /--allow-ffi=\/lib/);
    } finally {
      await removeServerDirectory(directory);
    }
  },
});
