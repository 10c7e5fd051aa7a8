import { Delivery, deliveryPieces } from "../../../../src/redis/pubsub/delivery.ts";
import { Subscriber } from "../../../../src/redis/pubsub/subscriber.ts";
import type { Hub } from "../../../../src/redis/pubsub/hub.ts";
import { Topic, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { pushed, said } from "./scene.ts";

const hub = {
  subscriptionChanged: () => {},
  release: () => {},
  runOrQueue: (task: Subscriber) => task.work(Infinity),
} as unknown as Hub;

function sceneOf(count: number) {
  const topic = new Topic(TopicKind.Channel, "a");
  const clients = Array.from({ length: count }, (_, n) => new LocalRigClient(n % 2 ? 3 : 2));
  const subscribers = clients.map((client) => new Subscriber(client, hub));
  for (const subscriber of subscribers) subscriber.add(topic);
  return { topic, clients, subscribers };
}

const text = said("message", "a", "x");
const bytes = new TextEncoder().encode(`??${text}??`);

Deno.test("everybody gets it once, in the form of its protocol, from a copy of its own", () => {
  const { topic, clients } = sceneOf(10);
  const source = bytes.slice();
  const delivery = new Delivery(topic, source, 2, source.length - 2);
  source.fill(0);
  let calls = 0;
  while (!delivery.isDone) {
    delivery.work(3);
    calls += 1;
  }
  assertEquals(calls > 2, true);
  for (const [index, client] of clients.entries()) {
    assertEquals(client.pushes, [index % 2 ? pushed("message", "a", "x") : text]);
  }
});

Deno.test("who leaves meanwhile gets it no more, who comes meanwhile does not get it", () => {
  const { topic, clients, subscribers } = sceneOf(4);
  const delivery = new Delivery(topic, bytes, 2, bytes.length - 2);
  delivery.work(1);
  subscribers[1]!.remove(topic);
  subscribers[2]!.onClose();
  const late = new LocalRigClient();
  new Subscriber(late, hub).add(topic);
  while (!delivery.isDone) delivery.work(1);
  assertEquals(clients.map(({ pushes }) => pushes.length), [1, 0, 0, 1]);
  assertEquals(late.pushes, []);
});

Deno.test("a large message is more work for each client", () => {
  assert(deliveryPieces(1_000_000, 2) > 100 * deliveryPieces(10, 2));
});

Deno.test("a large message is kept once for the clients of each protocol", () => {
  const { topic, clients } = sceneOf(6);
  const large = said("message", "a", "x".repeat(100_000));
  const delivery = new Delivery(topic, new TextEncoder().encode(large), 0, large.length);
  while (!delivery.isDone) delivery.work(1);
  for (const [index, client] of clients.entries()) {
    assertEquals(client.pushes[0]!.slice(0, 3), index % 2 ? ">3\r" : "*3\r");
    assertEquals(client.pushes[0]!.slice(1), large.slice(1));
  }
  const arrays = new Set(clients.flatMap(({ shared }) => [...shared]));
  assertEquals([...arrays].map((array) => array.length), [large.length, large.length]);
});
