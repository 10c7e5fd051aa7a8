/**
 * A configuration that `aster import` made of twemproxy's own: every key is where twemproxy put it, and where
 * `aster route` says.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { nutcrackerConfig, startNutcracker } from "../support/servers/nutcracker.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const KEYS = Array.from({ length: 300 }, (_, index) => `user:{${index % 100}}:${index}`);
const REPOSITORY = new URL("../../", import.meta.url);

async function tool(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", ...args],
    cwd: REPOSITORY,
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("keys stay on their servers behind an imported file of twemproxy", async () => {
  await using one = await startRedisServer();
  await using two = await startRedisServer();
  await using three = await startRedisServer();
  const pool = {
    redis: true,
    servers: [`${one.address}:1 one`, `${two.address}:2 two`, `${three.address}:1`],
    hash: "murmur",
    hashTag: "{}",
    timeoutMs: 2_000,
  };
  await using nutcracker = await startNutcracker(pool);
  using former = await RespClient.connect({ port: nutcracker.port });
  await former.pipeline(KEYS.map((key) => ["SET", key, `of ${key}`]));

  const directory = await Deno.makeTempDir();
  try {
    const yaml = `${directory}/nutcracker.yml`;
    const toml = `${directory}/aster.toml`;
    await Deno.writeTextFile(yaml, nutcrackerConfig(pool, nutcracker.port));
    const imported = await tool("import", yaml);
    await Deno.writeTextFile(toml, imported);
    const routed = (await tool("route", toml, "pool", ...KEYS)).trimEnd().split("\n");

    await using aster = await startAster((port) =>
      imported.replace(`127.0.0.1:${nutcracker.port}`, `127.0.0.1:${port}`)
    );
    using next = await RespClient.connect({ port: aster.port });
    const read = await next.pipeline(KEYS.map((key) => ["GET", key]));
    assertEquals(read, KEYS.map((key) => `of ${key}`));

    const homes = new Map(
      await Promise.all([one, two, three].map(async ({ port, address }) => {
        using client = await RespClient.connect({ port });
        return [address, new Set(await client.call("KEYS", "*") as string[])] as const;
      })),
    );
    for (const line of routed) {
      const [key, , address] = line.split("\t");
      assert(homes.get(address!)!.has(key!), line);
    }
    assertEquals(routed.length, KEYS.length);
    assert([...homes.values()].every((keys) => keys.size > 0));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
