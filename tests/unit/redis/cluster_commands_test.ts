/**
 * CLUSTER shows cluster-aware clients the proxy as the one node of all slots.
 *
 * @module
 */
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import { clusterAnswer } from "../../../src/redis/cluster_commands.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import { infoSource, localRequest, LocalRigClient, textOf } from "../../support/local_rig.ts";

function cluster(isCluster: boolean, ...words: string[]): string {
  const request = localRequest(new LocalRigClient(), "CLUSTER", ...words);
  return textOf(clusterAnswer(request, {
    commands: respCommands,
    isCluster,
    advertised: { hostname: "10.1.2.3", port: 9001 },
    info: infoSource,
  }));
}

Deno.test("CLUSTER SLOTS, NODES and SHARDS name the advertised address for all slots", () => {
  assertMatch(
    cluster(true, "SLOTS"),
    /^\*1\r\n\*3\r\n:0\r\n:16383\r\n\*4\r\n\$8\r\n10.1.2.3\r\n:9001\r\n\$40\r\n/,
  );
  assertMatch(cluster(true, "NODES"), / 10\.1\.2\.3:9001@19001 myself,master .* 0-16383\n/);
  assertMatch(cluster(true, "SHARDS"), /\$8\r\n10.1.2.3\r\n/);
});

Deno.test("CLUSTER INFO, MYID and KEYSLOT are answered", () => {
  assertMatch(cluster(true, "INFO"), /cluster_state:ok\r\n/);
  assertMatch(cluster(true, "MYID"), /^\$40\r\n[0-9a-f]{40}\r\n$/);
  assertEquals(cluster(true, "KEYSLOT", "123456789"), ":12739\r\n");
  assertEquals(cluster(true, "KEYSLOT", "{foo}bar"), cluster(true, "KEYSLOT", "foo"));
});

Deno.test("other subcommands, wrong counts, and a pool that is no cluster are refused", () => {
  assertMatch(cluster(true, "MEET", "x"), /^-ERR unknown subcommand 'MEET'/);
  assertMatch(cluster(true, "SLOTS", "x"), /^-ERR wrong number of arguments for 'cluster\|slots'/);
  assertEquals(cluster(false, "SLOTS"), "-ERR This instance has cluster support disabled\r\n");
});
