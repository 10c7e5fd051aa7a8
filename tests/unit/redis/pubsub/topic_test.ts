import { Site, Topic, TOPIC_VERBS, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import type { SubscriptionLink } from "../../../../src/redis/pubsub/subscription_link.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("a topic is confirmed when it is at every backend where it has to be", () => {
  const topic = new Topic(TopicKind.Channel, "a");
  assertEquals([topic.isConfirmed, topic.isUnused], [false, true]);
  const sites = [0, 1].map(() => new Site(topic, {} as SubscriptionLink));
  topic.wanted = sites;
  sites[0]!.isConfirmed = true;
  assertEquals(topic.isConfirmed, false);
  sites[1]!.isConfirmed = true;
  assertEquals(topic.isConfirmed, true);
});

Deno.test("each kind has its words", () => {
  assertEquals(
    Object.values(TopicKind).map((kind) => TOPIC_VERBS[kind].message),
    ["message", "pmessage", "smessage"],
  );
});
