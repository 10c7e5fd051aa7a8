/**
 * What users may do, request by request. `tests/servers/redis_users_test.ts` compares decisions with a server's, and
 * shows that no command reaches a foreign key.
 *
 * @module
 */
import type { UserLimits } from "../../../../src/config/config.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { createCommandTable } from "../../../../src/protocol/command_table.ts";
import { definitionsOf } from "../../../../src/protocol/resp/commands/catalogue.ts";
import { parseSpecifications } from "../../../../src/protocol/resp/commands/key_specifications.ts";
import { describeTold, noteLearned } from "../../../../src/protocol/resp/commands/learned.ts";
import { DOTTED_ROW } from "../../../../src/protocol/resp/commands/custom.ts";
import { ruledCommands } from "../../../../src/protocol/resp/commands/ruled.ts";
import { accessRules, Check, Permissions } from "../../../../src/redis/access/permissions.ts";
import { LocalRequest } from "../../../../src/redis/core/local_request.ts";
import { assertEquals } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { sampleRequests } from "../../../servers/sample_requests.ts";
import { limitedUser } from "../../../support/rigs/user_config.ts";

interface Options {
  denyCommands?: string[];
  isAudited?: boolean;
}

function permissions(limits: Partial<UserLimits> | null, options: Options = {}): Permissions {
  const { denyCommands = [], isAudited = false } = options;
  const rules = accessRules(clusterConfig({ denyCommands }), ruledCommands([]), isAudited);
  const known = limits === null ? null : limitedUser("a", limits).limits;
  return new Permissions(known, rules, respCommands);
}

function requestOf(line: string): LocalRequest {
  const { frame, bytes } = frameOf(line.split(" "));
  const isUnknown = frame.row === null && line.includes(".");
  if (isUnknown) {
    Object.assign(frame, { row: DOTTED_ROW, refusal: null, firstKey: 1, keyStep: 1, keyCount: 1 });
  }
  return new LocalRequest(new LocalRigClient(), frame, bytes);
}

/** What is denied of some requests: `reason object` of each, or "" where it passes, by every way to judge it. */
function denials(known: Permissions, lines: string): string[] {
  return lines.split("|").map((line) => {
    const request = requestOf(line.replaceAll("/", "|"));
    const denial = known.judge(request);
    const { row } = request.frame;
    const check = row === DOTTED_ROW ? Check.All : known.checks[row!.index];
    if (request.frame.refusal === null) {
      if (check === Check.None) assertEquals(denial, null, line);
      if (check === Check.Keys) {
        assertEquals(known.mayUseKeys(request.frame, request.bytes), denial === null, line);
      }
    }
    return denial === null ? "" : `${denial.reason} ${denial.object}`;
  });
}

Deno.test("without limits nothing is looked at", () => {
  assertEquals(permissions(null).areWhole, true);
  assertEquals(permissions({ channelPatterns: ["*"], commands: ["@all"] }).areWhole, false);
  assertEquals(permissions({ commands: ["@all", "-json.get"] }).areWhole, false);
  assertEquals(permissions(null, { denyCommands: ["json.get"] }).areWhole, false);
  assertEquals(permissions(null, { denyCommands: ["keys"] }).areWhole, false);
  assertEquals(permissions(null, { isAudited: true }).areWhole, false);
});

Deno.test("commands by their rules; whoever has none is denied administration", () => {
  const reader = permissions({ commands: ["@read", "-keys", "config|get"] });
  assertEquals(
    denials(reader, "GET k|KEYS *|SET k v|CONFIG GET x|CONFIG SET x y|AUTH x|json.get k"),
    [
      ...["", "command keys", "command set", "", "command config|set", "", "command json.get"],
    ],
  );
  const limited = permissions({ channelPatterns: ["c"] });
  assertEquals(
    denials(limited, "GET k|CLIENT LIST|CLIENT ID|ACL LOG|ACL WHOAMI|SLOWLOG GET|INFO"),
    [
      ...["", "command client|list", "", "command acl|log", "", "command slowlog|get", ""],
    ],
  );
  assertEquals(
    denials(permissions({ commands: ["select/0".replace("/", "|")] }), "SELECT 0|SELECT 1"),
    [
      ...["", "command select"],
    ],
  );
});

Deno.test("an unknown subcommand is denied unless all others are allowed", () => {
  const limited = permissions({ commands: ["@all", "-config|set"] });
  assertEquals(denials(limited, "CONFIG NEWER|OBJECT NEWER k|CONFIG GET x"), [
    ...["command config", "", ""],
  ]);
});

Deno.test("a command that only the servers know is denied to all by the categories that they tell", () => {
  const described = describeTold({
    ...{ name: "new", arity: -2, flags: ["readonly", "fast"], categories: ["@list"], tips: [] },
    keys: parseSpecifications("RO access: 1"),
    ...{ areKeysComplete: true, subcommands: [] },
  });
  const [row] = createCommandTable(definitionsOf(described)).rows;
  noteLearned([row!], described);
  const request = requestOf("GET k");
  Object.assign(request.frame, { row });
  const denied = (...denyCommands: string[]) =>
    permissions(null, { denyCommands }).judge(request)?.object ?? null;
  assertEquals([denied("@list"), denied("@fast"), denied("@read")], ["new", "new", "new"]);
  assertEquals([denied("@hash"), denied("@write"), denied("get")], [null, null, null]);
});

Deno.test("keys by patterns, all of a request", () => {
  const limited = permissions({ keyPatterns: ["a:*"] });
  const lines = "GET a:1|GET b|MSET a:1 v a:2 v|MSET a:1 v b v|COPY a:1 b|ZUNIONSTORE b 1 a:1|" +
    "ZUNIONSTORE a:1 2 a:2 b|OBJECT ENCODING b|OBJECT HELP|XREAD STREAMS b 0|" +
    "XREAD BLOCK 1 STREAMS a:1 0|XREAD BLOCK 1 STREAMS b 0|SORT a:1 STORE b|GEORADIUS a:1 1 2 3 km STORE b";
  assertEquals(denials(limited, lines), [
    ...["", "key b", "", "key b", "key b", "key b", "key b", "key b", "", "key b", "", "key b"],
    ...["key b", "key b"],
  ]);
});

Deno.test("what has to do with keys that it does not name is denied with key patterns", () => {
  const limited = permissions({ keyPatterns: ["a:*"] });
  const lines =
    "KEYS a:*|SCAN 0|RANDOMKEY|DBSIZE|FLUSHALL|FLUSHDB|SWAPDB 0 1|EVAL x 1 a:1|EVALSHA_RO x 0|" +
    "FCALL f 0|SCRIPT LOAD x|FUNCTION LIST|CLUSTER GETKEYSINSLOT 0 1|MEMORY STATS|DEBUG OBJECT a:1|" +
    "json.get a:1|CONFIG GET x";
  assertEquals(denials(limited, lines).filter((denial) => !denial.startsWith("command ")), []);
  assertEquals(
    denials(
      limited,
      "PING|ECHO x|TIME|MULTI|EXEC|HELLO|CLUSTER SLOTS|COMMAND COUNT|UNWATCH|WAIT 0 0",
    ),
    [
      ...Array(10).fill(""),
    ],
  );
  assertEquals(
    denials(limited, "SORT a:1 BY w_*|SORT a:1 GET #|SORT_RO a:1 BY nosort LIMIT 0 get|SORT a:1"),
    [
      ...["key BY", "key GET", "", ""],
    ],
  );
});

Deno.test("scripts where they are allowed have the keys that they declare", () => {
  const limited = permissions({ keyPatterns: ["a:*"], scripts: true });
  assertEquals(
    denials(limited, "EVAL x 1 a:1|EVAL x 1 b|EVAL x 0|FCALL f 1 b|SCRIPT LOAD x|FUNCTION FLUSH"),
    [
      ...["", "key b", "", "key b", "", "command function|flush"],
    ],
  );
  assertEquals(denials(permissions({ scripts: false }), "EVAL x 0|GET k"), ["command eval", ""]);
});

Deno.test("what a key is used for", () => {
  const limited = permissions({ keyPatterns: ["%R~r:*", "%W~w:*"] });
  const lines =
    "GET r:1|GET w:1|SET r:1 v|SET w:1 v|SET w:1 v GET|COPY r:1 w:1|COPY w:1 r:1|EXISTS r:1|" +
    "EXISTS w:1|BITFIELD w:1 GET u8 0|BITFIELD r:1 GET u8 0|INCR w:1|DEL w:1|DEL r:1";
  assertEquals(denials(limited, lines).map((denial) => denial === ""), [
    ...[true, false, false, true, false, true, false, true],
    ...[true, false, true, false, true, false],
  ]);
});

Deno.test("a reader only reads, by scripts too, and administers nothing", () => {
  const reader = permissions({ readOnly: true });
  const lines =
    "GET k|SET k v|SORT k|SORT_RO k|EVAL x 0|EVAL_RO x 0|GETEX k|FLUSHALL|CONFIG GET x|KEYS *|" +
    "XREAD STREAMS k 0|XREADGROUP GROUP g c STREAMS k 0|FUNCTION FLUSH|json.get k|PING";
  assertEquals(denials(reader, lines).map((denial) => denial === ""), [
    ...[true, false, false, true, false, true, false, false, false, true],
    ...[true, false, false, false, true],
  ]);
});

Deno.test("channels by patterns, and patterns to the letter; none where only keys are said", () => {
  const limited = permissions({ channelPatterns: ["c:*"] });
  const lines =
    "PUBLISH c:1 x|PUBLISH d x|SPUBLISH d x|SUBSCRIBE c:1 d|SSUBSCRIBE c:1|PSUBSCRIBE c:*|" +
    "PSUBSCRIBE *|UNSUBSCRIBE d|PUBSUB NUMSUB c:1 d|PUBSUB NUMSUB|PUBSUB CHANNELS|PUBSUB NUMPAT|GET k";
  assertEquals(denials(limited, lines), [
    ...["", "channel d", "channel d", "channel d", "", "", "channel *", "", "channel d", ""],
    ...["command pubsub|channels", "", ""],
  ]);
  const keyed = permissions({ keyPatterns: ["a:*"] });
  assertEquals(denials(keyed, "SUBSCRIBE __keyspace@0__:b|PUBLISH x y"), [
    ...["channel __keyspace@0__:b", "channel x"],
  ]);
  assertEquals(keyed.mayListen(new TextEncoder().encode("x"), false), false);
});

Deno.test("denied commands are denied to everybody, logging in excepted", () => {
  const everybody = permissions(null, {
    denyCommands: ["@dangerous", "config|set", "json.set", "auth"],
  });
  const lines = "FLUSHALL|KEYS *|CONFIG SET a b|CONFIG HELP|json.set k|json.get k|AUTH x|GET k";
  assertEquals(denials(everybody, lines).map((denial) => denial === ""), [
    ...[false, false, false, true, false, true, true, true],
  ]);
});

Deno.test("what the audit log has is looked at", () => {
  const { checks } = permissions(null, { isAudited: true });
  const check = (name: string) => checks[respCommands.rows.find((row) => row.name === name)!.index];
  assertEquals([check("flushall"), check("config"), check("get")], [
    ...[Check.All, Check.All, Check.None],
  ]);
});

Deno.test("for every command the short way to judge keys agrees with the long one", () => {
  const patterns = [["app:*"], ["%R~app:*"], ["%W~app:*"], ["%R~app:*", "%W~other"], [
    "[a]pp:?",
    "%R~other",
  ]];
  let compared = 0;
  for (const keyPatterns of patterns) {
    const known = permissions({
      keyPatterns,
      commands: ["@all"],
      scripts: true,
      channelPatterns: ["*"],
    });
    for (const key of ["app:1", "other"]) {
      for (const { words } of sampleRequests(key)) {
        const { frame, bytes } = frameOf(words);
        if (frame.row === null || frame.refusal !== null) continue;
        const denial = known.judge(new LocalRequest(new LocalRigClient(), frame, bytes));
        const check = known.checks[frame.row.index];
        if (check === Check.None) assertEquals(denial, null, words.join(" "));
        if (check !== Check.Keys) continue;
        compared += 1;
        assertEquals(
          known.mayUseKeys(frame, bytes),
          denial === null,
          `${keyPatterns}: ${words.join(" ")}`,
        );
      }
    }
  }
  assertEquals(compared > 1_500, true, `${compared} compared`);
});
