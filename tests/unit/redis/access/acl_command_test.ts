/**
 * ACL WHOAMI, DRYRUN and LOG of the proxy's own users.
 *
 * @module
 */
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";
import { limitedUser, userWith } from "../../../support/rigs/user_config.ts";

const users = [userWith("default", "secret"), limitedUser("app", { keyPatterns: ["app:*"] })];

function createScene(isProtected = true) {
  const peers = new RigPeers();
  const config = clusterConfig(isProtected ? { users } : {});
  const scene = new FeatureScene((context) => {
    Object.assign(context.backends, { protocol: createRespProtocol() });
    return [];
  }, { config, peers });
  scene.rig.router.shards = () => [];
  scene.local.onConnect(scene.client);
  if (isProtected) scene.askAll("AUTH secret");
  /** Shows a request that its row refuses to whom it may concern all the same. */
  const ask = (line: string) => {
    const words = line.split(" ");
    scene.take(words);
    return scene.told()[0];
  };
  return { scene, peers, ask };
}

Deno.test("DRYRUN judges a request as if the user had sent it", () => {
  const { scene, ask } = createScene();
  using _scene = scene;
  const cases: [line: string, reply: RegExp][] = [
    ["ACL DRYRUN app GET app:1", /^\+OK$/],
    ["ACL DRYRUN app GET other", /This user has no permissions to access the 'other' key$/],
    ["ACL DRYRUN app KEYS *", /This user has no permissions to run the 'keys' command$/],
    ["ACL DRYRUN app SUBSCRIBE c", /This user has no permissions to access the 'c' channel$/],
    ["ACL DRYRUN default KEYS *", /^\+OK$/],
    ["ACL DRYRUN nobody GET k", /^-ERR User 'nobody' not found$/],
    ["ACL DRYRUN app NOSUCH k", /^-ERR Command 'NOSUCH' not found$/],
    ["ACL DRYRUN app GET", /^-ERR wrong number of arguments for 'get' command$/],
    ["ACL DRYRUN app", /^-ERR wrong number of arguments for 'acl\|dryrun' command$/],
  ];
  for (const [line, reply] of cases) assertMatch(ask(line)!, reply, line);
  assertEquals(scene.rig.metrics.denials, 0, "nothing was denied");
});

Deno.test("without users there is the default user alone", () => {
  const { scene, ask } = createScene(false);
  using _scene = scene;
  assertEquals(ask("ACL WHOAMI"), "$7 default");
  assertEquals(ask("ACL DRYRUN default FLUSHALL"), "+OK");
  assertMatch(ask("ACL DRYRUN app GET k")!, /not found$/);
  assertEquals(ask("ACL LOG"), "*0");
});

Deno.test("LOG has the entries of all workers, and RESET reaches them", () => {
  const { scene, peers, ask } = createScene();
  using _scene = scene;
  peers.count = 1;
  const entry = {
    ...{ reason: "key", context: "toplevel", object: "k", username: "app", count: 3 },
    ...{ clientInfo: "id=9", id: 0, createdMs: 0, updatedMs: 0 },
  };
  peers.answers = [[entry], undefined];
  assertMatch(ask("ACL LOG 5")!, /^\*1 \*20 \$5 count :3 .*client-info \$4 id=9/);
  assertEquals(ask("ACL LOG 0"), "*0");
  assertMatch(ask("ACL LOG x")!, /^-ERR value is not an integer/);
  assertEquals(ask("ACL LOG RESET"), "+OK");
  assertEquals(peers.told.at(-1), { topic: "acl log reset", body: null });
  assertEquals(peers.handlers.get("acl log")!(null), []);
});

Deno.test("other forms are not answered here", () => {
  const { scene, ask } = createScene();
  using _scene = scene;
  assertEquals([ask("ACL USERS"), ask("ACL SETUSER x")], [undefined, undefined]);
});
