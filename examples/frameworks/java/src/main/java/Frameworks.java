import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.redisson.Redisson;
import org.redisson.api.RBatch;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RFuture;
import org.redisson.api.RLock;
import org.redisson.api.RMapCache;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RTopic;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;
import redis.clients.jedis.RedisClient.Builder;

/**
 * Client libraries of Java in front of the proxy, each with the settings that docs/frameworks.md tells:
 *
 *     PORT=6390 mvn -q compile exec:java -Dexec.mainClass=Frameworks
 *
 * With CLUSTER=1 also clients in cluster mode, for a cluster of type redis_cluster.
 */
public class Frameworks {
  static final String HOST = System.getenv().getOrDefault("HOST", "127.0.0.1");
  static final int PORT = Integer.parseInt(System.getenv().getOrDefault("PORT", "6390"));
  static final String RUN = "run" + ProcessHandle.current().pid();

  interface Program {
    void run() throws Exception;
  }

  static void expect(Object expected, Object actual) {
    if (!expected.equals(actual)) throw new AssertionError(actual + ", not " + expected);
  }

  static void lettuce() throws Exception {
    RedisClient client = RedisClient.create(RedisURI.create(HOST, PORT));
    try (var connection = client.connect(); var subscriber = client.connectPubSub()) {
      var redis = connection.sync();
      expect("OK", redis.mset(Map.of(RUN + "a", "1", RUN + "b", "2", RUN + "c", "3")));
      expect(List.of(KeyValue.just(RUN + "a", "1"), KeyValue.just(RUN + "c", "3")),
          redis.mget(RUN + "a", RUN + "c"));
      // One transaction is on one server: a hash tag.
      redis.multi();
      redis.set("{" + RUN + "}x", "1");
      redis.incr("{" + RUN + "}x");
      expect(2L, redis.exec().get(1));
      String script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
      Long sum = redis.eval(script, ScriptOutputType.INTEGER, new String[] {RUN + "n"}, "5");
      expect(5L, sum);
      redis.rpush(RUN + "list", "one");
      expect("one", redis.blpop(5, RUN + "list").getValue());

      BlockingQueue<String> messages = new ArrayBlockingQueue<>(10);
      subscriber.addListener(new RedisPubSubAdapter<>() {
        @Override
        public void message(String channel, String message) {
          messages.add(message);
        }
      });
      subscriber.sync().subscribe(RUN + "channel");
      redis.publish(RUN + "channel", "hello");
      expect("hello", messages.poll(5, TimeUnit.SECONDS));
    } finally {
      client.shutdown();
    }
  }

  static void lettuceCluster() {
    RedisClusterClient client = RedisClusterClient.create(RedisURI.create(HOST, PORT));
    try (var connection = client.connect()) {
      var redis = connection.sync();
      expect("OK", redis.mset(Map.of(RUN + "a", "1", RUN + "b", "2")));
      expect(List.of(KeyValue.just(RUN + "b", "2")), redis.mget(RUN + "b"));
      expect(2L, redis.del(RUN + "a", RUN + "b"));
    } finally {
      client.shutdown();
    }
  }

  static void jedis() {
    try (var redis = new Builder().hostAndPort(HOST, PORT).build()) {
      expect("OK", redis.mset(RUN + "j", "1", RUN + "k", "2"));
      expect(List.of("1", "2"), redis.mget(RUN + "j", RUN + "k"));
      try (var transaction = redis.multi()) {
        transaction.set("{" + RUN + "}j", "1");
        var value = transaction.incr("{" + RUN + "}j");
        transaction.exec();
        expect(2L, value.get());
      }
    }
  }

  static void redisson() throws Exception {
    Config config = new Config();
    config.useSingleServer().setAddress("redis://" + HOST + ":" + PORT);
    RedissonClient redisson = Redisson.create(config);
    try {
      redisson.getBucket(RUN + "bucket").set("value");
      expect("value", redisson.getBucket(RUN + "bucket").get());
      RMapCache<String, Integer> map = redisson.getMapCache(RUN + "map");
      map.put("a", 1, 10, TimeUnit.SECONDS);
      expect(1, map.get("a"));
      expect(7L, redisson.getAtomicLong(RUN + "count").addAndGet(7));

      RLock lock = redisson.getLock(RUN + "lock");
      lock.lock(10, TimeUnit.SECONDS);
      BlockingQueue<Boolean> locked = new ArrayBlockingQueue<>(1);
      Thread other = new Thread(() -> {
        // Waits for the message that the holder publishes when it unlocks.
        lock.lock();
        lock.unlock();
        locked.add(true);
      });
      other.start();
      Thread.sleep(200);
      expect(true, locked.isEmpty());
      lock.unlock();
      expect(true, locked.poll(5, TimeUnit.SECONDS));

      RTopic topic = redisson.getTopic(RUN + "topic");
      BlockingQueue<String> messages = new ArrayBlockingQueue<>(10);
      topic.addListener(String.class, (channel, message) -> messages.add(message));
      topic.publish("hello");
      expect("hello", messages.poll(5, TimeUnit.SECONDS));

      RBlockingQueue<String> queue = redisson.getBlockingQueue(RUN + "queue");
      RFuture<String> taken = queue.takeAsync();
      queue.put("job");
      expect("job", taken.toCompletableFuture().get(5, TimeUnit.SECONDS));

      RRateLimiter limiter = redisson.getRateLimiter(RUN + "limiter");
      limiter.trySetRate(RateType.OVERALL, 1, java.time.Duration.ofSeconds(30));
      expect(true, limiter.tryAcquire());
      expect(false, limiter.tryAcquire());

      // Not atomic, so its keys may be apart.
      RBatch batch = redisson.createBatch();
      for (int index = 0; index < 20; index++) batch.getBucket(RUN + "batch" + index).setAsync(index);
      batch.execute();
      expect(7, redisson.getBucket(RUN + "batch7").get());
    } finally {
      redisson.shutdown();
    }
  }

  public static void main(String[] wanted) {
    Map<String, Program> programs = new LinkedHashMap<>();
    programs.put("lettuce", Frameworks::lettuce);
    programs.put("jedis", Frameworks::jedis);
    programs.put("redisson", Frameworks::redisson);
    if (System.getenv("CLUSTER") != null) {
      programs.put("lettuce in cluster mode", Frameworks::lettuceCluster);
    }
    boolean isFine = true;
    for (var program : programs.entrySet()) {
      if (wanted.length > 0 && !List.of(wanted).contains(program.getKey())) continue;
      try {
        program.getValue().run();
        System.out.println("ok      " + program.getKey());
      } catch (Throwable reason) {
        isFine = false;
        System.out.println("FAILED  " + program.getKey() + ": " + reason);
        reason.printStackTrace(System.out);
      }
    }
    // Libraries leave threads that wait.
    System.exit(isFine ? 0 : 1);
  }
}
