/**
 * SLOWLOG: of the proxy's own requests, in the form that client libraries know, and with all fields by name.
 *
 * @module
 */
import { type SlowEntry, SlowLog } from "../../../../src/observe/slow_log.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { observedLists, RigPeers } from "../../../support/rigs/redis_context.ts";

function entry(id: number): SlowEntry {
  return {
    id,
    startedAtMs: 1_700_000_000_500,
    totalUs: 12_000,
    queueUs: 2_000,
    serverUs: 10_000,
    client: 7,
    address: "10.0.0.9:5",
    name: "app",
    user: "ann",
    backend: "10.0.0.2:6379",
    command: "get",
    words: ["GET", "k"].map((word) => new TextEncoder().encode(word)),
    failure: "",
  };
}

/** A cluster with the entries 1 and 3 here, 2 and 4 in another worker. */
function createScene(version: 2 | 3 = 2) {
  const log = new SlowLog(100);
  log.add(entry(1));
  log.add(entry(3));
  const peers = new RigPeers();
  peers.answers = [[entry(2), entry(4)]];
  const observed = observedLists(log, peers);
  const config = clusterConfig({ slowlogLengthMax: 3 });
  return { log, peers, scene: new FeatureScene(() => [], { observed, config }, version) };
}

Deno.test("GET shows the latest of all workers, in Redis's six fields", () => {
  const { scene: open } = createScene();
  using scene = open;
  const shown = (id: number) => `*6 :${id} :1700000000 :12000 *2 $3 GET $1 k $10 10.0.0.9:5 $3 app`;
  assertEquals(scene.askAll("SLOWLOG GET", "slowlog get 1", "SLOWLOG GET -1", "SLOWLOG GET 0"), [
    `*3 ${shown(4)} ${shown(3)} ${shown(2)}`,
    `*1 ${shown(4)}`,
    `*3 ${shown(4)} ${shown(3)} ${shown(2)}`,
    "*0",
  ]);
});

Deno.test("FULL shows all fields by name, as a map where clients know maps", () => {
  for (const version of [2, 3] as const) {
    const { scene: open } = createScene(version);
    using scene = open;
    const [reply] = scene.askAll("SLOWLOG GET 1 FULL");
    assertMatch(reply!, version === 2 ? /^\*1 \*28 \$2 id :4/ : /^\*1 %14 \$2 id :4/);
    assertMatch(reply!, /\$7 totalUs :12000 \$7 queueUs :2000 \$8 serverUs :10000/);
    assertMatch(reply!, /\$4 user \$3 ann \$7 backend \$13 10\.0\.0\.2:6379/);
  }
});

Deno.test("LEN counts what is shown, RESET empties all workers' logs", () => {
  const { log, peers, scene: open } = createScene();
  using scene = open;
  peers.answers = [5];
  assertEquals(scene.askAll("SLOWLOG LEN"), [":3"]);
  peers.answers = [0];
  assertEquals(scene.askAll("SLOWLOG LEN", "SLOWLOG RESET"), [":2", "+OK"]);
  assertEquals([log.entries().length, peers.told.at(-1)!.topic], [0, "slowlog reset"]);
});

Deno.test("what cannot be meant is refused in Redis's words", () => {
  const { scene: open } = createScene();
  using scene = open;
  assertEquals(
    scene.askAll(
      "SLOWLOG GET x",
      "SLOWLOG GET -2",
      "SLOWLOG GET 1 2",
      "SLOWLOG LEN x",
      "SLOWLOG RESET x",
      "SLOWLOG NONE",
    ),
    [
      "-ERR value is not an integer or out of range",
      "-ERR count should be greater than or equal to -1",
      "-ERR syntax error",
      "-ERR wrong number of arguments for 'slowlog|len' command",
      "-ERR wrong number of arguments for 'slowlog|reset' command",
      "-ERR unknown subcommand 'NONE'. Try SLOWLOG HELP.",
    ],
  );
  assertMatch(scene.askAll("SLOWLOG HELP")[0]!, /SLOWLOG <subcommand>.*FULL/);
});

Deno.test("the servers' own logs want admin_commands", () => {
  const { scene: open } = createScene();
  using scene = open;
  const [forbidden, short] = scene.askAll("SLOWLOG BACKENDS LEN", "SLOWLOG BACKENDS");
  assertMatch(forbidden!, /^-ERR SLOWLOG BACKENDS is not supported.*admin_commands/);
  assertMatch(short!, /wrong number of arguments/);
});
