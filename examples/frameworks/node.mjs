/**
 * Frameworks of Node in front of the proxy, each with the settings that docs/frameworks.md tells:
 *
 *     npm install && PORT=6390 node node.mjs
 *     CLUSTER=1 PORT=6391 node node.mjs
 *
 * With CLUSTER also clients in cluster mode, for a cluster of type redis_cluster.
 */
import assert from "node:assert/strict";
import { once } from "node:events";

const host = process.env.HOST ?? "127.0.0.1";
const port = Number(process.env.PORT ?? 6380);
const run = `run${process.pid}`;
const url = `redis://${host}:${port}`;

const programs = {
  async bullmq() {
    const { Queue, QueueEvents, Worker } = await import("bullmq");
    const options = { connection: { host, port }, prefix: `{bullmq-${run}}` };
    const queue = new Queue("jobs", options);
    // From the first event on: by default those are missed that come before it first asks, at any server.
    const events = new QueueEvents("jobs", { ...options, lastEventId: "0-0" });
    await events.waitUntilReady();
    const worker = new Worker("jobs", (job) => Promise.resolve(job.data.value * 2), {
      ...options,
      connection: { host, port, maxRetriesPerRequest: null },
    });
    const jobs = await Promise.all([1, 2, 3].map((value) => queue.add("double", { value })));
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 10_000)));
    assert.deepEqual(results, [2, 4, 6]);
    const later = await queue.add("double", { value: 5 }, { delay: 200 });
    assert.equal(await later.waitUntilFinished(events, 10_000), 10);
    await Promise.all([worker.close(), events.close()]);
    await queue.close();
  },

  async bull() {
    const { default: Bull } = await import("bull");
    const queue = new Bull("jobs", { redis: { host, port }, prefix: `{bull-${run}}` });
    queue.process((job) => Promise.resolve(job.data.value * 2));
    const jobs = await Promise.all([1, 2, 3].map((value) => queue.add({ value })));
    assert.deepEqual(await Promise.all(jobs.map((job) => job.finished())), [2, 4, 6]);
    await queue.close();
  },

  async "bee-queue"() {
    const { default: Queue } = await import("bee-queue");
    const queue = new Queue("jobs", { prefix: `{bee-${run}}`, redis: { host, port } });
    queue.process((job) => Promise.resolve(job.data.value * 2));
    const job = queue.createJob({ value: 21 });
    const done = once(job, "succeeded");
    await job.save();
    assert.deepEqual(await done, [42]);
    await queue.close();
  },

  async keyv() {
    const { default: Keyv } = await import("keyv");
    const { default: KeyvRedis } = await import("@keyv/redis");
    const keyv = new Keyv({ store: new KeyvRedis(url), namespace: run });
    assert.equal(await keyv.set("a", { value: 1 }, 5_000), true);
    assert.deepEqual(await keyv.get("a"), { value: 1 });
    assert.equal(await keyv.delete("a"), true);
    await keyv.set("b", 1);
    await keyv.clear();
    assert.equal(await keyv.get("b"), undefined);
    await keyv.disconnect();
  },

  async redlock() {
    const { default: Redlock } = await import("redlock");
    const { default: Redis } = await import("ioredis");
    const client = new Redis({ host, port });
    const redlock = new Redlock([client], { retryCount: 0 });
    const lock = await redlock.lock(`lock:${run}`, 2_000);
    await assert.rejects(redlock.lock(`lock:${run}`, 2_000));
    await lock.extend(2_000);
    await lock.unlock();
    await (await redlock.lock(`lock:${run}`, 1_000)).unlock();
    client.disconnect();
  },

  async "connect-redis"() {
    const { default: express } = await import("express");
    const { default: session } = await import("express-session");
    const { RedisStore } = await import("connect-redis");
    const { createClient } = await import("redis");
    const client = createClient({ url });
    await client.connect();
    const store = new RedisStore({ client, prefix: `session:${run}:` });
    const app = express();
    app.use(session({ store, secret: "example", resave: false, saveUninitialized: false }));
    app.get("/", (request, response) => {
      request.session.count = (request.session.count ?? 0) + 1;
      response.send(String(request.session.count));
    });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `http://127.0.0.1:${server.address().port}/`;
    const first = await fetch(address);
    assert.equal(await first.text(), "1");
    const cookie = first.headers.get("set-cookie").split(";")[0];
    assert.equal(await (await fetch(address, { headers: { cookie } })).text(), "2");
    assert.equal((await store.ids()).length, 1);
    assert.equal(await store.length(), 1);
    await store.clear();
    server.close();
    await client.close();
  },

  async "socket.io"() {
    const { createServer } = await import("node:http");
    const { Server } = await import("socket.io");
    const { io } = await import("socket.io-client");
    const { createAdapter } = await import("@socket.io/redis-adapter");
    const { createClient } = await import("redis");
    const started = await Promise.all([1, 2].map(async () => {
      const publisher = createClient({ url });
      const subscriber = publisher.duplicate();
      await Promise.all([publisher.connect(), subscriber.connect()]);
      const http = createServer();
      const server = new Server(http, {
        adapter: createAdapter(publisher, subscriber, { key: `socket:${run}` }),
      });
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      return { http, server, clients: [publisher, subscriber] };
    }));
    const [one, other] = started;
    const client = io(`http://127.0.0.1:${other.http.address().port}`, {
      transports: ["websocket"],
    });
    await once(client, "connect");
    const heard = once(client, "hello");
    while ((await one.server.fetchSockets()).length === 0);
    one.server.emit("hello", "from the other server");
    assert.deepEqual(await heard, ["from the other server"]);
    client.disconnect();
    for (const { server, clients } of started) {
      await server.close();
      await Promise.all(clients.map((one) => one.close()));
    }
  },

  async "rate-limiter-flexible"() {
    const { RateLimiterRedis } = await import("rate-limiter-flexible");
    const { default: Redis } = await import("ioredis");
    const client = new Redis({ host, port });
    const limiter = new RateLimiterRedis({
      ...{ storeClient: client, keyPrefix: run, points: 2, duration: 5 },
    });
    await limiter.consume("a");
    await limiter.consume("a");
    await assert.rejects(limiter.consume("a"));
    client.disconnect();
  },
};

const inClusterMode = {
  async "ioredis in cluster mode"() {
    const { Cluster } = await import("ioredis");
    const cluster = new Cluster([{ host, port }]);
    assert.equal(await cluster.set(`{${run}}a`, "1"), "OK");
    assert.equal(await cluster.set(`${run}b`, "2"), "OK");
    assert.equal(await cluster.get(`${run}b`), "2");
    assert.deepEqual(await cluster.multi().incr(`{${run}}a`).get(`{${run}}a`).exec(), [
      [null, 2],
      [null, "2"],
    ]);
    cluster.disconnect();
  },

  async "node-redis in cluster mode"() {
    const { createCluster } = await import("redis");
    const cluster = await createCluster({ rootNodes: [{ url }] }).connect();
    assert.equal(await cluster.set(`${run}a`, "1"), "OK");
    assert.equal(await cluster.set(`${run}b`, "2"), "OK");
    assert.equal(await cluster.get(`${run}a`), "1");
    assert.deepEqual(await cluster.multi().incr(`{${run}}c`).incr(`{${run}}c`).exec(), [1, 2]);
    await cluster.close();
  },
};
if (process.env.CLUSTER) Object.assign(programs, inClusterMode);

const wanted = process.argv.slice(2);
let failures = 0;
for (const [name, program] of Object.entries(programs)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("not done within 30 s")), 30_000);
  });
  try {
    await Promise.race([program(), late]);
    console.log(`ok      ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${name}: ${error?.stack ?? error}`);
  }
  clearTimeout(timer);
}
process.exit(failures === 0 ? 0 : 1);
