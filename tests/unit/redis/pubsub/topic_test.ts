import { Site, Topic, TOPIC_VERBS, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import type { SubscriptionLink } from "../../../../src/redis/pubsub/subscription_link.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("a topic is confirmed when it is at every backend where it has to be", () => {
  const topic = new Topic(TopicKind.Channel, "a");
  assertEquals([topic.isConfirmed, topic.isUnused], [false, true]);
  const links = [0, 1, 2].map(() => ({ connectionNumber: 1 }) as SubscriptionLink);
  const sites = links.map((link) => new Site(topic, link));
  topic.wanted = sites;
  for (const confirmed of [1, 0, 2]) {
    assertEquals(topic.isConfirmed, false);
    sites[confirmed]!.confirmedOn = 1;
  }
  assertEquals(topic.isConfirmed, true);
  // Another connection has to confirm it anew.
  links[1]!.connectionNumber = 2;
  assertEquals(topic.isConfirmed, false);
  topic.wanted = [sites[0]!];
  assertEquals(topic.isConfirmed, true);
  topic.holders = 1;
  assertEquals(topic.isUnused, false);
});

Deno.test("each kind has its words", () => {
  assertEquals(
    Object.values(TopicKind).map((kind) => TOPIC_VERBS[kind].message),
    ["message", "pmessage", "smessage"],
  );
});
