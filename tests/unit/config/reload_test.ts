import {
  clusterReload,
  compareConfigs,
  isSame,
  runtimeReload,
} from "../../../src/config/reload.ts";
import { clusterKeys, runtimeKeys } from "../../../src/config/schema.ts";
import { assertEquals } from "../../deps.ts";
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
  // Other spellings of one setting.
  const same = ["fetch", "password", "backend_password", "read_from_slave", "listen_proto"];
  assertEquals([...keys, ...same].toSorted(), Object.keys(clusterKeys).toSorted());
  assertEquals(
    Object.values(runtimeReload).map(({ key }) => key).toSorted(),
    Object.keys(runtimeKeys).toSorted(),
  );
});
