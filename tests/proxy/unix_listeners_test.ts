/**
 * Unix sockets that the proxy listens at: what a start, a kill, a reload and a takeover make of their files.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { testIo } from "../support/tools/test_engine.ts";

const repository = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** A cluster without servers that live: PING is answered by the proxy itself. */
function clusterAt(address: string, keys = "", name = "main"): string {
  return `[[clusters]]
name = "${name}"
listen_addr = "${address}"
cache_type = "redis"
servers = ["127.0.0.1:9"]
${keys}
`;
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
}

function modeOf(path: string): string {
  return (Deno.lstatSync(path).mode! & 0o777).toString(8);
}

async function ping(path: string): Promise<void> {
  using client = await RespClient.connect({ path });
  assertEquals(await client.call("PING"), "PONG");
}

/** Runs the program and returns what it prints, and its exit code. */
async function run(...words: string[]): Promise<{ code: number; text: string; stdout: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", ...words, "--io", testIo()],
    cwd: repository,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: out! + errors!, stdout: out! };
}

/** Asks for a reload and waits for its outcome. */
async function reload(aster: Aster, text: string): Promise<void> {
  const before = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, text);
  Deno.kill(aster.pid, "SIGHUP");
  await until(() => /[Rr]eload/.test(aster.logs().slice(before)), { what: "a reload" });
}

Deno.test("a socket has its mode, serves by all workers, and is gone at the end", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    await using aster = await startAster(() =>
      clusterAt(`unix:${path}`, 'thread = 3\nunix_mode = "0660"')
    );
    assertEquals([modeOf(path), namesIn(directory)], ["660", ["a.sock"]]);
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => RespClient.connect({ path })),
    );
    for (const client of clients) assertEquals(await client.call("PING"), "PONG");
    const listed = String(await clients[0]!.call("CLIENT", "LIST")).trim().split("\n");
    assertEquals(listed.length, 60);
    for (const line of listed) assert(line.includes(` addr=${path}:0 laddr=${path}:0 `), line);
    for (const client of clients) client[Symbol.dispose]();
    await aster.stop();
    assertEquals(namesIn(directory), []);
  }));

Deno.test("--check says how many workers serve it", () =>
  inDirectory(async (directory) => {
    const file = `${directory}/a.toml`;
    await Deno.writeTextFile(file, clusterAt(`unix:${directory}/a.sock`, "thread = 3"));
    const { code, text } = await run("--check", file);
    assertEquals(code, 0);
    const threads = testIo() === "epoll" ? "3 threads" : "1 thread,";
    assertMatch(text, new RegExp(`redis on unix:${directory}/a.sock, ${threads}`));
    assertEquals(text.includes("one worker serves this unix socket, not 3"), testIo() === "deno");
  }));

Deno.test("what a killed process has left is replaced; a second start by mistake ends, and disturbs nobody", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    const config = () => clusterAt(`unix:${path}`);
    {
      await using killed = await startAster(config);
      await killed.process.kill();
    }
    assertEquals(namesIn(directory), ["a.sock"]);
    await using aster = await startAster(config);
    await ping(path);
    const { code, text } = await run("--metrics", "off", aster.configFile);
    assertEquals(code, 1);
    assertMatch(text, /Cannot listen on unix:\S*a\.sock for cluster .*address already in use/);
    await ping(path);
    assertEquals(namesIn(directory), ["a.sock"]);
  }));

Deno.test("a file that is no socket is left alone, and the start says so", () =>
  inDirectory(async (directory) => {
    const [path, file] = [`${directory}/a.sock`, `${directory}/a.toml`];
    await Deno.writeTextFile(path, "precious");
    await Deno.writeTextFile(file, clusterAt(`unix:${path}`));
    const { code, text } = await run("--metrics", "off", file);
    assertEquals(code, 1);
    assertMatch(text, /no socket|in use/);
    assertEquals([await Deno.readTextFile(path), namesIn(directory)], [
      "precious",
      ["a.sock", "a.toml"],
    ]);
  }));

Deno.test("a reload adds, changes, moves and removes sockets, and who is connected stays", () =>
  inDirectory(async (directory) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => `${directory}/${name}.sock`);
    const first = clusterAt(`unix:${a}`, "thread = 2");
    await using aster = await startAster(() => first);
    using client = await RespClient.connect({ path: a! });
    await reload(aster, first + clusterAt(`unix:${b}`, "", "other"));
    await until(() => namesIn(directory).length === 2, { what: "the other socket" });
    await ping(b!);
    await reload(aster, clusterAt(`unix:${a}`, 'thread = 2\nunix_mode = "0666"'));
    await until(() => modeOf(a!) === "666", { what: "another mode" });
    await until(() => namesIn(directory).join() === "a.sock", { what: "the end of the other" });
    await ping(a!);
    await reload(aster, clusterAt(`unix:${c}`, "thread = 2"));
    await until(() => namesIn(directory).join() === "c.sock", { what: "the move" });
    await ping(c!);
    assertEquals(await client.call("PING"), "PONG");
    await reload(aster, clusterAt(`127.0.0.1:${aster.port}`, "thread = 2"));
    await until(() => namesIn(directory).length === 0, { what: "the move to a port" });
    using other = await RespClient.connect({ port: aster.port });
    assertEquals(await other.call("PING"), "PONG");
    assertEquals(await client.call("PING"), "PONG");
  }));

for (const isByDoor of [false, true]) {
  const way = isByDoor ? "by a takeover_socket" : "by a signal";
  Deno.test(`a takeover ${way} is noticed by nobody who connects, and the file is the new process's`, () =>
    inDirectory(async (directory) => {
      const path = `${directory}/a.sock`;
      const door = `[runtime]\ntakeover_socket = "${directory}/door"\n`;
      const config = () => (isByDoor ? door : "") + clusterAt(`unix:${path}`, "thread = 2");
      const former = await startAster(config);
      let isOver = false;
      let connected = 0;
      const failures: unknown[] = [];
      const connecting = (async () => {
        while (!isOver) {
          try {
            await ping(path);
            connected += 1;
          } catch (error) {
            failures.push(error);
          }
        }
      })();
      await using next = await startAster(config, { arguments: ["--takeover"] });
      if (isByDoor) {
        await until(() => former.process.status !== null, { what: "the end of the former" });
      }
      await former[Symbol.asyncDispose]();
      const before = connected;
      await until(() => connected > before + 20, { what: "clients of the new process" });
      isOver = true;
      await connecting;
      // On Deno's sockets those who still wait at the former socket when it is closed are lost.
      if (testIo() === "epoll") assertEquals(failures, []);
      assert(failures.length <= 3, `${failures.length} failures: ${failures[0]}`);
      assertEquals(modeOf(path), "600");
      await next.stop();
      assertEquals(namesIn(directory), []);
    }));
}

Deno.test("a takeover that fails leaves the former process its socket", () =>
  inDirectory(async (directory) => {
    const [path, file] = [`${directory}/a.sock`, `${directory}/next.toml`];
    await using _former = await startAster(() => clusterAt(`unix:${path}`));
    const broken = clusterAt(`unix:${path}`) + clusterAt(`unix:${directory}/none/b.sock`, "", "b");
    await Deno.writeTextFile(file, broken);
    const { code } = await run("--takeover", "--metrics", "off", file);
    assertEquals(code, 1);
    await ping(path);
    assertEquals(namesIn(directory), ["a.sock", "next.toml"]);
  }));

Deno.test("the printed rights are enough, on both sides, and workers have no others", () =>
  inDirectory(async (directory) => {
    const [front, back] = [`${directory}/front.sock`, `${directory}/back.sock`];
    // The proxy behind answers for a server.
    await using _server = await startAster(() => clusterAt(`unix:${back}`));
    const file = `${directory}/a.toml`;
    const text = clusterAt(`unix:${front}`).replace("127.0.0.1:9", `unix:${back}:1`);
    await Deno.writeTextFile(file, text);
    const { code, stdout } = await run("--metrics", "off", "--print-permissions", file);
    assertEquals(code, 0);
    const flags = stdout.trim().split(" ");
    const isGranted = (flag: string, path: string) =>
      flags.some((each) => each.startsWith(`${flag}=`) && each.includes(path));
    for (const path of [front, `${front}.new`, back]) {
      assertEquals(isGranted("--allow-write", path), testIo() === "deno", path);
    }
    await using aster = await startAster(() => text, {
      denoArguments: flags.map((flag) =>
        // The test's own file stands elsewhere.
        flag.startsWith("--allow-read=") ? `${flag},/tmp,${directory}` : flag
      ),
    });
    await ping(front);
    using client = await RespClient.connect({ path: front });
    // The server behind has no server of its own that lives: it says so itself.
    const reply = await client.call("GET", "key").catch((error) => String(error));
    assertMatch(String(reply), /127\.0\.0\.1:9/);
    await aster.stop();
    assertEquals(namesIn(directory), ["a.toml", "back.sock"]);
  }));
