import { PlaceTask } from "../../../../src/redis/pubsub/place_task.ts";
import { Site, Topic, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import type { Subscriber } from "../../../../src/redis/pubsub/subscriber.ts";
import type { SubscriptionLink } from "../../../../src/redis/pubsub/subscription_link.ts";
import { assertEquals } from "../../../deps.ts";

function topicsOf(count: number): Topic[] {
  const link = { connectionNumber: 1 } as SubscriptionLink;
  return Array.from({ length: count }, (_, index) => {
    const topic = new Topic(TopicKind.Channel, `${index}`);
    const site = new Site(topic, link);
    site.confirmedOn = 1;
    topic.wanted = [site];
    topic.subscribers.add({} as Subscriber);
    return topic;
  });
}

Deno.test("topics are placed in pieces, and told of when all are", () => {
  const placed: string[] = [];
  const told: number[] = [];
  const topics = topicsOf(10);
  const place = (topic: Topic) => {
    placed.push(topic.name);
    if (topic.name !== "3") topic.wanted = [];
  };
  const task = new PlaceTask(place, (moved) => told.push(moved));
  assertEquals(task.add(topics.slice(0, 6).values(), 6) >= 6, true);
  task.add(topics.slice(6).values(), 4);
  assertEquals(task.work(6), 6);
  assertEquals([placed.length < 4, told], [true, []]);
  task.work(Infinity);
  assertEquals(placed, topics.map(({ name }) => name));
  assertEquals(told, [9]);
  assertEquals(task.work(100), 0);
  assertEquals(told, [9], "nothing has moved since");
});

Deno.test("what nobody wants any more is passed over", () => {
  const placed: string[] = [];
  const topics = topicsOf(3);
  topics[1]!.subscribers.clear();
  const task = new PlaceTask((topic) => placed.push(topic.name), () => {});
  task.add(topics.values(), 3);
  task.work(Infinity);
  assertEquals(placed, ["0", "2"]);
});
