import { SubscribeWait } from "../../../../src/redis/pubsub/subscribe_wait.ts";
import type { SubscriptionLink } from "../../../../src/redis/pubsub/subscription_link.ts";
import { Site, Topic, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("a request waits for all its topics, and knows whom for", () => {
  const topics = ["a", "b"].map((name) => new Topic(TopicKind.Channel, name));
  for (const topic of topics) {
    const link = { backend: { address: `at ${topic.name}` } } as SubscriptionLink;
    topic.wanted = [new Site(topic, link)];
  }
  const listener = { confirmed: () => {}, refused: () => {}, failed: () => {} };
  const wait = new SubscribeWait(topics, 0, listener);
  assertEquals([wait.isConfirmed, wait.awaitedAddress], [false, "at a"]);
  topics[0]!.wanted[0]!.isConfirmed = true;
  assertEquals([wait.isConfirmed, wait.awaitedAddress], [false, "at b"]);
  topics[1]!.wanted[0]!.isConfirmed = true;
  assertEquals([wait.isConfirmed, wait.awaitedAddress], [true, ""]);
});
