import { Placement } from "../../../../src/redis/pubsub/placement.ts";
import { TopicKind, type TopicKindCode } from "../../../../src/redis/pubsub/topic.ts";
import { assertEquals } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";

const { Channel, Pattern, ShardChannel } = TopicKind;

function scene(rig: CoreRig, isCluster: boolean, unreachable: readonly number[] = []) {
  const placement = new Placement(rig.router, isCluster);
  return (kind: TopicKindCode, name: string, home: number | null = null) =>
    placement.backendsFor(
      { kind, name },
      home === null ? null : rig.backends[home]!,
      (backend) => !unreachable.includes(rig.backends.indexOf(backend)),
    ).map((backend) => rig.backends.indexOf(backend));
}

Deno.test("a sharded pool: channels at their server, patterns and events of keys at every one", () => {
  using rig = new CoreRig({ backendCount: 3 });
  const place = scene(rig, false);
  assertEquals(place(Channel, "news1"), [1]);
  assertEquals(place(Channel, "news1", 0), [1], "it moves with its hash");
  assertEquals(place(ShardChannel, "__key2"), [2]);
  assertEquals(place(Channel, "__keyspace@0__:a1"), [0, 1, 2]);
  assertEquals(place(Pattern, "news*"), [0, 1, 2]);
  assertEquals(place(Channel, "news9"), [], "no server is left for it");
});

Deno.test("a cluster: one node, which is kept while it can; events of keys at every master", () => {
  using rig = new CoreRig({ backendCount: 3 });
  const place = scene(rig, true);
  assertEquals(place(Channel, "news1"), [1]);
  assertEquals(place(Channel, "news1", 2), [2]);
  assertEquals(place(Pattern, "news*0"), [0]);
  assertEquals(place(ShardChannel, "news1", 2), [1], "only its owner has it");
  assertEquals(place(Pattern, "*1"), [1, 0, 2]);
  assertEquals(place(Channel, "__keyevent@0__:x0", 2), [2, 0, 1]);
});

Deno.test("a cluster: another node where one cannot be reached", () => {
  using rig = new CoreRig({ backendCount: 3 });
  const place = scene(rig, true, [1]);
  assertEquals(place(Channel, "news1"), [0]);
  assertEquals(place(Channel, "news2", 1), [2]);
  assertEquals(place(Pattern, "*1", 1), [0, 1, 2], "events of its keys are still wanted");
  assertEquals(scene(rig, true, [0, 1, 2])(Channel, "news1"), [1]);
});
