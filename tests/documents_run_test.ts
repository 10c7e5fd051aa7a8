/**
 * Examples in documents, run as they stand there: what they print is what the document says. Only addresses are
 * others.
 *
 * @module
 */
import { parseToml } from "../deps.ts";
import { isAdminCommand } from "../src/cli_admin.ts";
import { assert, assertEquals, assertMatch } from "./deps.ts";
import { startAster } from "./support/servers/aster.ts";
import { documentBlocks } from "./support/rules/document_blocks.ts";
import { withFreePorts } from "./support/tools/free_port.ts";
import { startMemcachedServer } from "./support/servers/memcached_server.ts";
import { until } from "./support/tools/poll.ts";
import { startRedisCluster } from "./support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "./support/servers/redis_server.ts";
import { RespClient } from "./support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "./support/servers/server_process.ts";

const REPOSITORY = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** What stands for programs in the shell of a test: the proxy from this repository, and what a bare machine lacks. */
const FUNCTIONS = `
aster() { ${Deno.execPath()} run -A ${REPOSITORY}mod.ts "$@"; }
nc() { exec 3<>/dev/tcp/$1/$2; cat >&3; cat <&3; }
curl() { ${Deno.execPath()} eval 'console.log(await (await fetch(Deno.args[1])).text())' -- "$@"; }
`;

/** Has redis-cli print what it prints on a terminal. */
const ON_TERMINAL = 'redis-cli() { command redis-cli --no-raw "$@"; }\n';

/** What a line of a document prints. */
async function shell(line: string, directory: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `${FUNCTIONS}\n${line}`],
    cwd: directory,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assertEquals(code, 0, `${line}\n${printed}\n${new TextDecoder().decode(stderr)}`);
  return printed.replaceAll("\r\n", "\n");
}

/** The text with other ports; each is one word of digits. */
function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replaceAll(/\b\d{4,5}\b/g, (port) => String(ports.get(Number(port)) ?? port));
}

/** The blocks of a document that have this word. */
function blocksOf(path: string, word: string) {
  return documentBlocks.filter((block) => block.path === path && block.text.includes(word));
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "aster-documents-" });
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the session that README shows with the demo is what the demo's configuration answers", async () => {
  await using stack = new AsyncDisposableStack();
  const ports = new Map<number, number>();
  const cluster = stack.use(await startRedisCluster());
  [7000, 7001].forEach((port, index) => ports.set(port, cluster.nodes[index]!.port));
  for (const port of [7011, 7012, 7013]) {
    ports.set(port, stack.use(await startRedisServer()).port);
  }
  for (const port of [11212, 11213, 11214]) {
    ports.set(port, stack.use(await startMemcachedServer()).port);
  }
  const text = await Deno.readTextFile(`${REPOSITORY}default.toml`);
  const aster = stack.use(
    await startAster((...found) => {
      [9001, 9002, 9003].forEach((port, index) => ports.set(port, found[index]!));
      return withPorts(text, ports);
    }, { portCount: 3, metrics: true }),
  );
  ports.set(2110, aster.metricsPort);

  const [session] = blocksOf("README.md", "$ redis-cli");
  const steps = session!.text.trimEnd().split(/^\$ /m).slice(1);
  await inDirectory(async (directory) => {
    for (const step of steps) {
      const [line, ...printed] = step.trimEnd().split("\n");
      const answer = await shell(ON_TERMINAL + withPorts(line!, ports), directory);
      assertEquals(answer.trimEnd().split("\n"), printed, line);
    }
  });
  assert(steps.length > 8);
});

Deno.test("every order to a running proxy that the documents show is carried out", async () => {
  await using first = await startRedisServer();
  await using second = await startRedisServer();
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "cache"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${first.address}:1 first", "${second.address}:1 second"]
`, { metrics: true });
  const lines = documentBlocks.filter(({ language }) => ["", "sh"].includes(language))
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => line.startsWith("aster ") && isAdminCommand(line.split(" ")[1]));
  await inDirectory(async (directory) => {
    for (const line of lines) {
      const [command] = line.split("#");
      await shell(`${command} --admin 127.0.0.1:${aster.metricsPort}`, directory);
    }
  });
  assert(lines.length > 5);
});

/** Servers with the addresses of the example, and what else its lines name. */
interface Migration {
  readonly one: RedisServer;
  readonly two: RedisServer;
  /** Where twemproxy listens. */
  readonly former: number;
  /** Where the new proxy listens beside it. */
  readonly beside: number;
}

/** A text of the example with the addresses of this test. */
function migrated(text: string, { one, two, former, beside }: Migration): string {
  return withPorts(
    text.replaceAll("10.0.0.1:6379", one.address).replaceAll("10.0.0.2:6379", two.address)
      .replaceAll("-p 6379", `-p ${one.port}`),
    new Map([[22121, former], [6380, beside]]),
  );
}

Deno.test("a user of twemproxy switches by the lines of docs/migration.md alone", async () => {
  const path = "docs/migration.md";
  const [yaml] = documentBlocks.filter((block) => block.path === path && block.language === "yaml");
  const [toml] = blocksOf(path, 'name = "cache"');
  const [look] = blocksOf(path, "aster import nutcracker.yml");
  const [scan] = blocksOf(path, "--scan");
  const [start] = blocksOf(path, "--reload beside.toml");
  const [change] = blocksOf(path, "cp new.toml");

  await using one = await startRedisServer();
  await using two = await startRedisServer();
  await withFreePorts(4, async ([former, beside, stats, admin]) => {
    const migration = { one, two, former: former!, beside: beside! };
    await inDirectory(async (directory) => {
      await Deno.writeTextFile(`${directory}/nutcracker.yml`, migrated(yaml!.text, migration));
      await using nutcracker = await ServerProcess.start({
        name: "nutcracker",
        command: "nutcracker",
        arguments: ["-c", `${directory}/nutcracker.yml`, "-s", String(stats), "-a", "127.0.0.1"],
        isServing: async () => {
          (await Deno.connect({ hostname: "127.0.0.1", port: former! })).close();
          return true;
        },
      }, await makeServerDirectory());
      using client = await RespClient.connect({ port: former! });
      const keys = Array.from({ length: 200 }, (_, index) => `user:${index}`);
      await client.pipeline(keys.map((key) => ["SET", key, `of ${key}`]));

      for (const line of look!.text.trim().split("\n")) await shell(line, directory);
      const imported = await Deno.readTextFile(`${directory}/new.toml`);
      assertEquals(parseToml(imported), parseToml(migrated(toml!.text, migration)));

      // Each server's keys are routed to it alone.
      for (const server of [one, two]) {
        const line = migrated(scan!.text, migration).replace(String(one.port), String(server.port));
        assertMatch(await shell(line, directory), new RegExp(`^ +\\d+ ${server.address}\\n$`));
      }

      const [edit, run, ...probes] = migrated(start!.text, migration).trim().split("\n");
      await shell(edit!, directory);
      await using aster = await ServerProcess.start({
        name: "aster",
        command: "bash",
        arguments: [
          "-c",
          run!.replace(/^aster (.*) &$/, `exec ${Deno.execPath()} run -A ${REPOSITORY}mod.ts $1`) +
          ` --metrics 127.0.0.1:${admin}`,
        ],
        workingDirectory: directory,
        isServing: (process) => Promise.resolve(/aster is ready/.test(process.output())),
      }, await makeServerDirectory());
      const answers = [];
      for (const probe of probes) answers.push(await shell(probe, directory));
      assertEquals(answers, ["OK\n", "1\n"]);

      using staying = await RespClient.connect({ port: beside! });
      const read = () => staying.pipeline(keys.map((key) => ["GET", key]));
      assertEquals(await read(), keys.map((key) => `of ${key}`));
      // Only this nutcracker, whatever else of that name runs here.
      const own = `pidof() { echo ${nutcracker.pid}; }\n`;
      const [kill, copy] = migrated(change!.text, migration).trim().split("\n");
      await shell(own + kill!, directory);
      await nutcracker.ended;
      await shell(copy!, directory);
      await until(async () => {
        try {
          using moved = await RespClient.connect({ port: former! });
          return await moved.call("GET", "user:7") === "of user:7";
        } catch (error) {
          if (error instanceof Deno.errors.ConnectionRefused) return false;
          throw error;
        }
      }, { what: "aster serves where twemproxy did" });
      assertEquals(await read(), keys.map((key) => `of ${key}`));
      await aster.stop();
    });
  });
});

Deno.test("the configuration of predixy in docs/migration.md becomes the one that stands beside it", async () => {
  const blocks = documentBlocks.filter(({ path }) => path === "docs/migration.md");
  const index = blocks.findIndex(({ language }) => language === "conf");
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/predixy.conf`, blocks[index]!.text);
    const imported = await shell("aster import predixy.conf", directory);
    assertEquals(parseToml(imported), parseToml(blocks[index + 1]!.text));
  });
});

Deno.test("the program in docs/embedding.md runs as it stands", async () => {
  const [block] = blocksOf("docs/embedding.md", "@aster/proxy");
  await using server = await startRedisServer();
  await withFreePorts(1, async ([port]) => {
    await inDirectory(async (directory) => {
      const text = withPorts(block!.text, new Map([[6380, port!], [6379, server.port]]))
        .replace('"@aster/proxy"', JSON.stringify(`file://${REPOSITORY}mod.ts`));
      await Deno.writeTextFile(`${directory}/program.ts`, text);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--config", `${REPOSITORY}deno.json`, `${directory}/program.ts`],
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertMatch(new TextDecoder().decode(stdout), /^aster_requests_total/m);
    });
  });
});
