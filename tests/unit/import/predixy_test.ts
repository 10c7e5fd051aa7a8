import { importPredixy } from "../../../src/import/predixy.ts";
import { assertEquals, assertMatch, assertThrows } from "../../deps.ts";

Deno.test("a pool of a Redis Cluster is taken over, with what the file says of the process", () => {
  const { clusters, notes } = importPredixy(`
Name Predixy Example
Bind 127.0.0.1:7617
WorkerThreads 4
ClientTimeout 300
MaxMemory 0
Authority {
    Auth "secret" {
        Mode write
    }
}
ClusterServerPool {
    MasterReadPriority 60
    DynamicSlaveReadPriority 70
    RefreshInterval 0.5
    ServerTimeout 1.5
    KeepAlive 120
    Password foo
    Servers {
        + 192.0.2.7:2211
        + 192.0.2.7:2212
    }
}
Colour blue
`);
  assertEquals(clusters, [{
    name: "Predixy-Example",
    listen_addr: "127.0.0.1:7617",
    thread: 4,
    client_idle_timeout: 300_000,
    password: "secret",
    cache_type: "redis_cluster",
    servers: ["192.0.2.7:2211", "192.0.2.7:2212"],
    read_timeout: 1500,
    fetch_interval: 500,
    read_from_slave: true,
    backend_password: "foo",
  }]);
  assertEquals(notes, [
    "MaxMemory: left out: each buffer has a limit of its own, see docs/operating.md",
    "Colour: left out: predixy 1.0 has no such setting",
    "ClusterServerPool.KeepAlive: left out: connections are watched by requests and pings",
  ]);
});

Deno.test("a pool of single servers is a ring of its masters, and its keys move", () => {
  const { clusters, notes } = importPredixy(`
StandaloneServerPool {
    RefreshMethod fixed
    Hash crc16
    HashTag "{}"
    Distribution modula
    ServerFailureLimit 10
    ServerRetryTimeout 2
    Databases 16
    Group shard001 {
        + h:1
        + h:2
    }
    Group shard002 {
        + h:3
    }
}
`);
  assertEquals(clusters, [{
    name: "predixy",
    listen_addr: "0.0.0.0:7617",
    cache_type: "redis",
    servers: ["h:1:1 shard001", "h:3:1 shard002"],
    hash_tag: "{}",
    distribution: "modula",
    ping_fail_limit: 10,
    ping_interval: 2000,
  }]);
  assertEquals(notes.length, 3);
  assertMatch(notes[0]!, /Group shard001: its replicas are left out/);
  assertMatch(notes[1]!, /keys move/);
});

Deno.test("what would run unprotected, or cannot run, is said", () => {
  const { clusters, notes } = importPredixy(`
Authority {
    Auth "a" { 
        Mode read
    }
    Auth "b" {
        Mode admin
    }
}
SentinelServerPool {
    Sentinels {
        + h:26379
    }
}
CustomCommand {
    custom.ttl {
        Mode keyAt(2)
    }
}
ClusterServerPool {
    Servers {
        + h:1
    }
}
`);
  assertEquals(clusters[0]!.password, undefined);
  assertEquals(clusters[0]!.commands, { "custom.ttl": { key: 1 } });
  assertMatch(notes[0]!, /Authority: .*2 passwords.*Until then anybody may connect/);
  assertMatch(notes[1]!, /check which words are keys: its Mode was "keyat\(2\)"/);
  assertMatch(notes[2]!, /Sentinel is not supported/);
});

Deno.test("a file of another form is refused with its line", () => {
  assertThrows(() => importPredixy("Servers {\n"), TypeError, "line 1");
});
