/**
 * CONFIG GET and SET: names of the proxy are asked of the proxy, all others of the servers.
 *
 * @module
 */
import type { SettingsAnswer, SettingsQuestion } from "../../../../src/worker/messages.ts";
import { assertEquals } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";

function createScene(answer: SettingsAnswer, version: 2 | 3 = 2) {
  const asked: SettingsQuestion[] = [];
  const scene = new FeatureScene(() => [], {
    config: clusterConfig({ adminCommands: "forward" }),
    askSettings: (question, answered) => {
      asked.push(question);
      answered(answer);
    },
  }, version);
  const take = (line: string): string[] => {
    const { frame, bytes } = frameOf(line.split(" "));
    scene.local.takeRefused(scene.client, frame, bytes);
    return scene.told();
  };
  return { asked, scene, take };
}

Deno.test("GET of the proxy's names is answered by the proxy, as a map where clients know maps", () => {
  const settings = [{ name: "cluster.c.hotkeys", value: "true" }];
  for (const [version, reply] of [[2, "*2"], [3, "%1"]] as const) {
    const { asked, scene: open, take } = createScene({ settings, problem: null }, version);
    using _scene = open;
    assertEquals(take("CONFIG GET cluster.*.hotkeys cluster.x"), [
      `${reply} $17 cluster.c.hotkeys $4 true`,
    ]);
    assertEquals(asked, [{ kind: "get", patterns: ["cluster.*.hotkeys", "cluster.x"] }]);
  }
});

Deno.test("SET changes all settings at once, or says why not", () => {
  const { asked, scene: open, take } = createScene({ settings: [], problem: null });
  using _scene = open;
  assertEquals(take("config set cluster.c.read_timeout 5 CLUSTER.c.hotkeys on"), ["+OK"]);
  assertEquals(asked, [{
    kind: "set",
    changes: [["cluster.c.read_timeout", "5"], ["CLUSTER.c.hotkeys", "on"]],
  }]);
  const refusing = createScene({ settings: [], problem: "no\nsuch key" });
  using _refusing = refusing.scene;
  assertEquals(refusing.take("CONFIG SET cluster.c.x 1"), [
    "-ERR CONFIG SET failed - no such key",
  ]);
});

Deno.test("names of both are refused, and half a pair", () => {
  const { asked, scene: open, take } = createScene({ settings: [], problem: null });
  using _scene = open;
  assertEquals(take("CONFIG SET cluster.c.x 1 save 2"), [
    "-ERR settings of the proxy (cluster.<name>.<key>) and of the servers are not changed at once",
  ]);
  assertEquals(take("CONFIG SET cluster.c.x 1 cluster.c.y"), [
    "-ERR wrong number of arguments for 'config|set' command",
  ]);
  assertEquals(asked, []);
});

Deno.test("all other names go to the servers", async () => {
  const { asked, scene: open, take } = createScene({ settings: [], problem: null });
  using scene = open;
  take("CONFIG GET save");
  take("CONFIG SET save cluster.c.x");
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [
    ["CONFIG GET save", "CONFIG SET save cluster.c.x"],
    ["CONFIG SET save cluster.c.x"],
  ]);
  assertEquals(asked, []);
});
