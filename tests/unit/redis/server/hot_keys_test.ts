/**
 * HOTKEY: of all workers, and switched in all of them.
 *
 * @module
 */
import { Gathered } from "../../../../src/observe/gathered.ts";
import type { HotKey } from "../../../../src/observe/hot_keys.ts";
import { SlowLog } from "../../../../src/observe/slow_log.ts";
import type { SettingsQuestion } from "../../../../src/worker/messages.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { observedLists, RigPeers } from "../../../support/rigs/redis_context.ts";

function createScene(problem: string | null = null) {
  const peers = new RigPeers();
  peers.answers = [[{ key: "k", hits: 64, error: 32 }, { key: null, hits: 0, total: 64 }]];
  const own: HotKey[] = [
    { key: "k", hits: 320, error: 0 },
    { key: "\u00ff", hits: 96, error: 32 },
    { key: null, hits: 10, total: 500 },
  ];
  const state = { resets: 0, asked: [] as SettingsQuestion[] };
  const scene = new FeatureScene(() => [], {
    observed: {
      ...observedLists(new SlowLog(1)),
      hotKeys: new Gathered("hotkeys", peers, {
        entries: () => own,
        length: own.length,
        reset: () => state.resets += 1,
      }),
    },
    askSettings: (asked, answered) => {
      state.asked.push(asked);
      answered({ settings: [], problem });
    },
  });
  return { peers, scene, state };
}

Deno.test("GET shows keys, times and how wrong these may be, of all workers", () => {
  const { scene: open } = createScene();
  using scene = open;
  const [all, one] = scene.askAll("HOTKEY GET", "hotkey get 1");
  assertMatch(all!, /^\*2 \*3 \$1 k :384 :32 \*3 \$1 /);
  assertEquals(one, "*1 *3 $1 k :384 :32");
});

Deno.test("ENABLE and DISABLE are settings of the cluster; what is wrong is told", () => {
  const { scene: open, state } = createScene();
  using scene = open;
  assertEquals(scene.askAll("HOTKEY ENABLE", "HOTKEY DISABLE"), ["+OK", "+OK"]);
  assertEquals(state.asked, [
    { kind: "set", changes: [["cluster.test.hotkeys", "true"]] },
    { kind: "set", changes: [["cluster.test.hotkeys", "false"]] },
  ]);
  using failing = createScene("the proxy\r\nis about to end").scene;
  assertEquals(failing.askAll("HOTKEY ENABLE"), ["-ERR the proxy is about to end"]);
});

Deno.test("RESET is for all workers", () => {
  const { peers, scene: open, state } = createScene();
  using scene = open;
  assertEquals(scene.askAll("HOTKEY RESET"), ["+OK"]);
  assertEquals([state.resets, peers.told.at(-1)!.topic], [1, "hotkeys reset"]);
});

Deno.test("what cannot be meant is refused", () => {
  const { scene: open } = createScene();
  using scene = open;
  assertEquals(
    scene.askAll("HOTKEY GET x", "HOTKEY GET -1", "HOTKEY GET 1 2", "HOTKEY ENABLE x", "HOTKEY X"),
    [
      "-ERR value is not an integer or out of range",
      "-ERR value is not an integer or out of range",
      "-ERR wrong number of arguments for 'hotkey|get' command",
      "-ERR wrong number of arguments for 'hotkey|enable' command",
      "-ERR unknown subcommand 'X'. Try HOTKEY HELP.",
    ],
  );
  assertMatch(scene.askAll("HOTKEY HELP")[0]!, /HOTKEY <subcommand>.*ENABLE.*DISABLE/);
});
