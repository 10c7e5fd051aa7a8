/**
 * Users of a cluster: who has a stage, what a denial leaves behind, and what a reload changes.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../../../deps.ts";
import type { ClusterConfig } from "../../../../src/config/config.ts";
import { Audit, type AuditRecord } from "../../../../src/observe/audit.ts";
import { createRedisFeatures } from "../../../../src/redis/features.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { limitedUser, userWith } from "../../../support/rigs/user_config.ts";

const NOPERM = "-NOPERM this user has no permissions to";

function createScene(config: Partial<ClusterConfig>, audits: AuditRecord[] | null = null) {
  const scene = new FeatureScene((context) => {
    if (audits !== null) {
      const audit = new Audit("main", (record) => audits.push(record));
      Object.assign(context.backends, { audit });
    }
    return createRedisFeatures(context);
  }, { config: clusterConfig(config) });
  scene.rig.router.shards = () => [];
  scene.local.onConnect(scene.client);
  scene.client.stage = null;
  scene.local.onConnect(scene.client);
  return scene;
}

const users = [
  userWith("default", "secret"),
  limitedUser("app", { keyPatterns: ["app:*"] }),
  limitedUser("reader", { readOnly: true }),
];

Deno.test("a denial is answered, counted and kept, and spoils a transaction", () => {
  using scene = createScene({ users });
  assertEquals(scene.askAll("AUTH app secret", "PING"), ["+OK", "+PONG"]);
  assertEquals(scene.askAll("GET other"), [`${NOPERM} access one of the keys used as arguments`]);
  assertEquals(scene.askAll("MULTI", "KEYS *", "EXEC"), [
    "+OK",
    `${NOPERM} run the 'keys' command`,
    "-EXECABORT Transaction discarded because of previous errors.",
  ]);
  assertEquals(scene.rig.metrics.denials, 2);
  assertEquals(scene.askAll("ACL LOG"), [`${NOPERM} run the 'acl|log' command`]);
  assertEquals(scene.askAll("AUTH secret", "GET other"), ["+OK"]);
  const [log] = scene.askAll("ACL LOG");
  assertMatch(
    log!,
    /reason \$7 command .*toplevel .*acl\|log .*reason \$7 command .*multi .*keys .*reason \$3 key/,
  );
  assertMatch(log!, /username \$3 app .*client-info \$\d+ id=7 addr=10\.0\.0\.9:50007 .*user=app/);
  assertEquals(scene.askAll("ACL LOG RESET", "ACL LOG"), ["+OK", "*0"]);
});

Deno.test("a reload binds who is there: narrower, wider, and gone", () => {
  const config: Partial<ClusterConfig> = { users };
  using scene = createScene(config);
  const reload = (changed: Partial<ClusterConfig>) => {
    Object.assign(scene.context.config, changed);
    scene.local.usersChanged();
  };
  scene.askAll("AUTH app secret");
  reload({ users: [userWith("default", "x"), limitedUser("app", { keyPatterns: ["new:*"] })] });
  assertMatch(scene.askAll("GET app:1")[0]!, /^-NOPERM/);
  assertEquals(scene.askAll("GET new:1"), []);
  reload({ denyCommands: ["ping"] });
  assertMatch(scene.askAll("PING")[0]!, /^-NOPERM/);
  reload({ denyCommands: [] });
  assertEquals(scene.askAll("PING"), ["+PONG"]);
  reload({ users: [userWith("default", "x")] });
  assertEquals(scene.askAll("PING"), ["-NOAUTH Authentication required."]);
  assertEquals(scene.askAll("AUTH x", "ACL WHOAMI"), ["+OK", "$7 default"]);
  reload({ users: [] });
  assertEquals(scene.askAll("PING", "RESET", "PING"), ["+PONG", "+RESET", "+PONG"]);
  assertEquals(scene.client.stage, null);
});

Deno.test("a reload that takes commands from a user aborts what it has queued", () => {
  using scene = createScene({ users });
  scene.askAll("AUTH reader secret", "MULTI", "PING");
  Object.assign(scene.context.config, {
    users: [limitedUser("reader", { commands: ["exec", "ping"] })],
  });
  scene.local.usersChanged();
  assertMatch(scene.askAll("EXEC")[0]!, /^-EXECABORT/);
});

Deno.test("a reload of something else touches nobody", () => {
  using scene = createScene({ denyCommands: ["keys"] });
  const { stage } = scene.client;
  assertEquals(scene.askAll("MULTI"), ["+OK"]);
  scene.local.usersChanged();
  assertEquals(scene.client.stage, stage);
  assertEquals(scene.askAll("EXEC"), ["*0"]);
});

Deno.test("who is known by other means is in without a password", () => {
  using scene = createScene({ users });
  assertEquals(scene.local.enterAs(scene.client, "nobody"), false);
  assertEquals(scene.askAll("PING"), ["-NOAUTH Authentication required."]);
  assertEquals(scene.local.enterAs(scene.client, "app"), true);
  assertEquals(scene.askAll("ACL WHOAMI"), ["$3 app"]);
  assertMatch(scene.askAll("GET other")[0]!, /^-NOPERM/);
});

Deno.test("the audit log has logins, denials and dangerous commands, and no arguments", () => {
  const audits: AuditRecord[] = [];
  using scene = createScene({ users }, audits);
  scene.askAll(
    "AUTH app wrong",
    "AUTH app secret",
    "GET other",
    "AUTH secret",
    "INFO secret",
    "GET secret",
  );
  const who = { address: "10.0.0.9:50007", client: 7 };
  assertEquals(audits.map(({ time: _time, cluster: _cluster, ...record }) => record), [
    { event: "login_failed", user: "app", ...who },
    { event: "login", user: "app", ...who },
    { event: "denied", user: "app", ...who, command: "get", reason: "key", object: "other" },
    { event: "login", user: "default", ...who },
    { event: "command", user: "default", ...who, command: "info" },
  ]);
});
