"""Frameworks of Python in front of the proxy, each with the settings that docs/frameworks.md tells:

    pip install -r requirements.txt && PORT=6390 python python_frameworks.py
    CLUSTER=1 PORT=6391 python python_frameworks.py

With CLUSTER also clients in cluster mode, for a cluster of type redis_cluster.
"""

import asyncio
import os
import sys
import traceback

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "6390"))
URL = f"redis://{HOST}:{PORT}/0"
RUN = f"run{os.getpid()}"


def celery():
    from celery import Celery

    app = Celery("examples", broker=URL, backend=URL)
    prefix = {"global_keyprefix": f"{{celery-{RUN}}}:"}
    app.conf.update(
        broker_transport_options=prefix,
        result_backend_transport_options=prefix,
        worker_hijack_root_logger=False,
    )

    @app.task(name="double")
    def double(value):
        return value * 2

    from celery.contrib.testing.worker import start_worker

    with start_worker(app, perform_ping_check=False, loglevel="ERROR"):
        assert [double.delay(value).get(timeout=20) for value in (1, 2, 3)] == [2, 4, 6]


def rq():
    import redis
    from rq import Queue, SimpleWorker

    connection = redis.Redis(host=HOST, port=PORT)
    queue = Queue(f"rq-{RUN}", connection=connection)
    jobs = [queue.enqueue(pow, value, 2) for value in (1, 2, 3)]
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level="ERROR")
    assert [job.return_value() for job in jobs] == [1, 4, 9]


def arq():
    from arq import create_pool
    from arq.connections import RedisSettings
    from arq.worker import Worker, func

    async def double(_context, value):
        return value * 2

    async def run():
        settings = RedisSettings(host=HOST, port=PORT)
        queue = f"arq:queue:{RUN}"
        pool = await create_pool(settings, default_queue_name=queue)
        worker = Worker([func(double, name="double")], redis_pool=pool, queue_name=queue, burst=True, poll_delay=0.1,
                        handle_signals=False)
        jobs = [await pool.enqueue_job("double", value) for value in (1, 2, 3)]
        await worker.main()
        assert [await job.result(timeout=10) for job in jobs] == [2, 4, 6]
        await pool.aclose()

    asyncio.run(run())


def django_redis():
    from django.conf import settings

    settings.configure(CACHES={"default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": URL,
        "KEY_PREFIX": f"{{{RUN}}}",
    }})
    from django.core.cache import cache

    cache.set_many({f"key{index}": index for index in range(20)}, timeout=30)
    assert cache.get_many([f"key{index}" for index in range(20)]) == {
        f"key{index}": index for index in range(20)
    }
    assert cache.incr("key3") == 4
    assert sorted(cache.keys("key1*")) == sorted(["key1", *[f"key1{digit}" for digit in range(10)]])
    with cache.lock("lock", timeout=2):
        pass
    assert cache.delete_pattern("key*") == 20
    assert cache.get("key3") is None


def dramatiq():
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.results import Results
    from dramatiq.results.backends import RedisBackend

    broker = RedisBroker(host=HOST, port=PORT, namespace=f"{{dramatiq-{RUN}}}")
    broker.add_middleware(Results(backend=RedisBackend(host=HOST, port=PORT, namespace=f"{{results-{RUN}}}")))
    dramatiq.set_broker(broker)

    @dramatiq.actor(store_results=True)
    def double(value):
        return value * 2

    worker = dramatiq.Worker(broker, worker_timeout=100)
    worker.start()
    try:
        messages = [double.send(value) for value in (1, 2, 3)]
        assert [message.get_result(block=True, timeout=10_000) for message in messages] == [2, 4, 6]
    finally:
        worker.stop()


def huey():
    from huey import RedisHuey

    huey = RedisHuey(f"huey{RUN}", host=HOST, port=PORT)

    @huey.task()
    def double(value):
        return value * 2

    consumer = huey.create_consumer(workers=1)
    consumer.start()
    try:
        assert [double(value).get(blocking=True, timeout=10) for value in (1, 2, 3)] == [2, 4, 6]
    finally:
        consumer.stop()


def redis_py():
    import redis

    client = redis.Redis(host=HOST, port=PORT, decode_responses=True)
    with client.pipeline(transaction=True) as pipeline:
        pipeline.set(f"{{{RUN}}}a", 1).incr(f"{{{RUN}}}a").get(f"{{{RUN}}}a")
        assert pipeline.execute() == [True, 2, "2"]
    with client.lock(f"lock{RUN}", timeout=2):
        pass
    subscriber = client.pubsub()
    subscriber.subscribe(f"channel{RUN}")
    assert subscriber.get_message(timeout=5)["type"] == "subscribe"
    client.publish(f"channel{RUN}", "hello")
    assert subscriber.get_message(timeout=5)["data"] == "hello"
    subscriber.close()


def redis_py_cluster():
    from redis.cluster import RedisCluster

    client = RedisCluster(host=HOST, port=PORT, decode_responses=True)
    client.set(f"a{RUN}", 1)
    client.set(f"b{RUN}", 2)
    assert [client.get(f"a{RUN}"), client.get(f"b{RUN}")] == ["1", "2"]
    with client.pipeline() as pipeline:
        assert pipeline.incr(f"a{RUN}").incr(f"b{RUN}").execute() == [2, 3]


PROGRAMS = {"celery": celery, "rq": rq, "arq": arq, "django-redis": django_redis,
            "dramatiq": dramatiq, "huey": huey, "redis-py": redis_py}
if os.environ.get("CLUSTER"):
    PROGRAMS["redis-py in cluster mode"] = redis_py_cluster

if __name__ == "__main__":
    failures = 0
    for name, program in PROGRAMS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        try:
            program()
            print(f"ok      {name}", flush=True)
        except Exception:
            failures += 1
            print(f"FAILED  {name}: {traceback.format_exc(limit=3)}", flush=True)
    # Consumers leave threads that wait.
    os._exit(1 if failures else 0)
