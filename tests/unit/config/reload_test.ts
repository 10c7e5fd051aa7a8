import {
  clusterReload,
  compareConfigs,
  followLive,
  isSame,
  runtimeReload,
} from "../../../src/config/reload.ts";
import { clusterKeys, type KeyRows, runtimeKeys } from "../../../src/config/schema.ts";
import { assert, assertEquals } from "../../deps.ts";
import { configOf, redisText } from "./load_text.ts";

const two = (keys: string) =>
  `${redisText(keys)}
[[clusters]]
name = "two"
listen_addr = "127.0.0.1:9002"
cache_type = "redis"
servers = ["127.0.0.1:7012"]
`;

Deno.test("the same text makes no difference", () => {
  assertEquals(isSame(compareConfigs(configOf(two("")), configOf(two("")))), true);
});

Deno.test("what differs is told by its key, and by when it takes effect", () => {
  const before = configOf(two(""));
  const after = configOf(two('read_timeout = 5\nmax_pipeline = 7\nhash = "md5"\npassword = "p"'));
  const difference = compareConfigs(before, after);
  assertEquals(isSame(difference), false);
  assertEquals([difference.added, difference.removed, difference.runtime], [[], [], []]);
  assertEquals(
    difference.changed.map(({ after, live, newConnections }) => ({
      name: after.name,
      live,
      newConnections,
    })),
    [{
      name: "one",
      live: ["read_timeout", "max_pipeline", "auth"],
      newConnections: ["hash"],
    }],
  );
});

Deno.test("clusters come and go by their names", () => {
  const one = configOf(redisText());
  const both = configOf(two(""));
  assertEquals(compareConfigs(one, both).added.map(({ name }) => name), ["two"]);
  assertEquals(compareConfigs(both, one).removed.map(({ name }) => name), ["two"]);
});

Deno.test("of the process, some keys take effect and some wait for a restart", () => {
  const before = configOf(redisText());
  const after = configOf(
    `[runtime]\nlog_level = "debug"\nmetrics = "off"\ndrain_idle = 7\n` + redisText(),
  );
  const { runtime, needsRestart } = compareConfigs(before, after);
  assertEquals([runtime, needsRestart], [["log_level", "drain_idle"], ["metrics"]]);
});

Deno.test("every row names a key of the file, and every key has one", () => {
  // Certificates and the rest of TLS change at different times.
  const keys = [...new Set(Object.values(clusterReload).map(({ key }) => key))];
  const rows: KeyRows = clusterKeys;
  const others = Object.keys(rows).filter((key) => rows[key]!.reloadsWith !== undefined);
  assertEquals([...keys, ...others].toSorted(), Object.keys(rows).toSorted());
  for (const key of others) assert(keys.includes(rows[key]!.reloadsWith!), key);
  assertEquals(
    Object.values(runtimeReload).map(({ key }) => key).toSorted(),
    Object.keys(runtimeKeys).toSorted(),
  );
});

Deno.test("who has retired follows what takes effect at once and has changed since it was told last", () => {
  const [own] = configOf(redisText('hash = "md5"\nread_timeout = 5')).clusters;
  const [told] = configOf(redisText("read_timeout = 6\nmax_pipeline = 8")).clusters;
  const text = redisText("read_timeout = 6\nmax_pipeline = 9", '["127.0.0.1:7099"]')
    .replace("127.0.0.1:9001", "127.0.0.1:9009");
  const [next] = configOf(text).clusters;
  const follow = (keepsServers: boolean) => followLive(own!, told!, next!, keepsServers)!;
  const { servers, ...rest } = follow(false);
  assertEquals(servers, next!.servers);
  const { servers: former, ...expected } = own!;
  assertEquals(rest, { ...expected, maxPipeline: 9 });
  assertEquals(follow(true), { ...expected, servers: former, maxPipeline: 9 });
  assertEquals(followLive(own!, next!, next!, false), null);
  const [other] = configOf(redisText("max_pipeline = 9").replace('"redis"', '"memcache"')).clusters;
  assertEquals(followLive(own!, told!, other!, false), null);
});
