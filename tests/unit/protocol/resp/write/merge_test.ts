import { ChunkPool } from "../../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../../src/bytes/send_log.ts";
import { type Failure, failures } from "../../../../../src/failure.ts";
import { ParseStatus, type ReplyPart, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../../deps.ts";
import { seededRandom } from "../../../../support/tools/seed.ts";
import { bytesOf, protocol, request } from "../parse.ts";

const decoder = new TextDecoder();

/** What was appended to a log. */
function textOf(log: SendLog): string {
  let text = "";
  for (let bytes = log.handOver(); bytes !== null; bytes = log.handOver()) {
    text += decoder.decode(bytes);
    log.wrote(bytes.length);
  }
  return text;
}

function reply(text: string): ReplyPart {
  const bytes = bytesOf(`--${text}--`);
  return { bytes, start: 2, end: bytes.length - 2, failure: null, address: "10.0.0.1:7001" };
}

function failed(failure: Failure, address: string): ReplyPart {
  return { bytes: new Uint8Array(0), start: 0, end: 0, failure, address };
}

/** The merged reply; `fragmentOfKey` has one entry a key. */
function merged(command: string, fragmentOfKey: number[], parts: ReplyPart[]): string {
  const name = bytesOf(command);
  const row = protocol.commands.find(name, 0, name.length)!;
  const log = new SendLog(new ChunkPool());
  const keyCount = fragmentOfKey.length;
  const merge = { row, keyCount, fragmentOfKey: Int32Array.from(fragmentOfKey), parts };
  protocol.writeMerged(merge, log, new RequestFrame());
  const text = textOf(log);
  const long = protocol.beginMerge!(merge);
  if (long !== null) {
    // Key by key it is the same, whatever else is merged meanwhile.
    while (!long.writeSome(log, 1)) {
      protocol.writeMerged(merge, new SendLog(new ChunkPool()), new RequestFrame());
    }
    assertEquals(textOf(log), text);
  }
  return text;
}

Deno.test("MGET's elements come in the order of the keys", () => {
  const parts = [
    reply("*2\r\n$1\r\na\r\n$-1\r\n"),
    reply("*3\r\n$0\r\n\r\n$2\r\n\r\n\r\n$1\r\ne\r\n"),
  ];
  assertEquals(
    merged("mget", [0, 1, 1, 0, 1], parts),
    "*5\r\n$1\r\na\r\n$0\r\n\r\n$2\r\n\r\n\r\n$-1\r\n$1\r\ne\r\n",
  );
});

Deno.test("MGET has error elements for the keys of a part that failed or is an error", () => {
  const down = failed(failures.connectRefused, "127.0.0.1:7001");
  const parts = [reply("*1\r\n$1\r\na\r\n"), down, reply("-LOADING wait\r\n")];
  assertEquals(
    merged("mget", [1, 0, 2, 1], parts),
    "*4\r\n-ERR backend 127.0.0.1:7001: connection refused\r\n$1\r\na\r\n-LOADING wait\r\n" +
      "-ERR backend 127.0.0.1:7001: connection refused\r\n",
  );
});

Deno.test("MGET has error elements from where a part makes no sense", () => {
  const broken = "-ERR backend 10.0.0.1:7001: malformed reply\r\n";
  for (
    const odd of [
      "*1\r\n$1\r\na\r\n",
      "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
      "+OK\r\n",
      ":1\r\n",
      "$1\r\na\r\n",
      "*-1\r\n",
      "*2\r\n*1\r\n:1\r\n$1\r\nb\r\n",
      "*2\r\n:1\r\n$1\r\nb\r\n",
    ]
  ) {
    const parts = [reply(odd), reply("*1\r\n$1\r\nz\r\n")];
    assertEquals(merged("mget", [0, 1, 0], parts), `*3\r\n${broken}$1\r\nz\r\n${broken}`, odd);
  }
  const late = [reply("*2\r\n$1\r\na\r\n*0\r\n")];
  assertEquals(merged("mget", [0, 0], late), `*2\r\n$1\r\na\r\n${broken}`);
  const errorElement = [reply("*2\r\n-ERR x\r\n_\r\n")];
  assertEquals(merged("mget", [0, 0], errorElement), "*2\r\n-ERR x\r\n_\r\n");
});

Deno.test("MGET of large values uses as many chunks as it needs", () => {
  const value = "x".repeat(100_000);
  const part = `*2\r\n$100000\r\n${value}\r\n$1\r\ny\r\n`;
  assertEquals(
    merged("mget", [0, 1, 0, 1], [reply(part), reply(part)]),
    `*4\r\n$100000\r\n${value}\r\n$100000\r\n${value}\r\n$1\r\ny\r\n$1\r\ny\r\n`,
  );
});

Deno.test("sums add up; the first error wins", () => {
  assertEquals(
    merged("del", [0, 1, 2], [reply(":1\r\n"), reply(":0\r\n"), reply(":12\r\n")]),
    ":13\r\n",
  );
  assertEquals(merged("del", [0], [reply(":9007199254740\r\n")]), ":9007199254740\r\n");
  const down = failed(failures.backendTimeout, "h:1");
  assertEquals(
    merged("unlink", [0, 1, 2], [reply(":1\r\n"), down, reply("-ERR x\r\n")]),
    "-ERR backend h:1: no reply in time\r\n",
  );
  assertEquals(
    merged("touch", [0, 1, 2], [reply(":1\r\n"), reply("-ERR x\r\n"), down]),
    "-ERR x\r\n",
  );
});

Deno.test("a sum that cannot be right is an error", () => {
  const malformed = "-ERR backend 10.0.0.1:7001: malformed reply\r\n";
  for (
    const odd of [
      "+OK\r\n",
      ":-1\r\n",
      ":9223372036854775807\r\n",
      "$1\r\n1\r\n",
      "*0\r\n",
      ":x\r\n",
    ]
  ) {
    assertEquals(merged("exists", [0, 1], [reply(":1\r\n"), reply(odd)]), malformed, odd);
  }
});

Deno.test("the least of all is the reply; the first error wins", () => {
  assertEquals(
    merged("lastsave", [], [reply(":7\r\n"), reply(":5\r\n"), reply(":6\r\n")]),
    ":5\r\n",
  );
  const parts = [reply(":7\r\n"), reply("-LOADING wait\r\n")];
  assertEquals(merged("lastsave", [], parts), "-LOADING wait\r\n");
  assertEquals(
    merged("lastsave", [], [reply("+OK\r\n"), reply(":5\r\n")]),
    "-ERR backend 10.0.0.1:7001: malformed reply\r\n",
  );
});

Deno.test("arrays become one; the first error wins, and what is no array is one", () => {
  const some = reply("*2\r\n$1\r\na\r\n$2\r\n\r\n\r\n");
  const none = reply("*0\r\n");
  assertEquals(
    merged("keys", [], [some, none, some]),
    "*4\r\n$1\r\na\r\n$2\r\n\r\n\r\n$1\r\na\r\n$2\r\n\r\n\r\n",
  );
  assertEquals(merged("keys", [], [none, none]), "*0\r\n");
  assertEquals(merged("keys", [], [some, reply("-ERR no\r\n")]), "-ERR no\r\n");
  for (const broken of ["*-1\r\n", "$1\r\na\r\n", "*x\r\n"]) {
    assertEquals(
      merged("keys", [], [some, reply(broken)]),
      "-ERR backend 10.0.0.1:7001: malformed reply\r\n",
    );
  }
});

Deno.test("MSET is OK only if all are; the first error wins", () => {
  assertEquals(merged("mset", [0, 1], [reply("+OK\r\n"), reply("+OK\r\n")]), "+OK\r\n");
  const parts = [reply("+OK\r\n"), reply("-OOM full\r\n"), failed(failures.backendClosed, "h:1")];
  assertEquals(merged("mset", [0, 1, 2], parts), "-OOM full\r\n");
  assertEquals(
    merged("mset", [0], [failed(failures.noBackend, "")]),
    "-ERR no backend is available\r\n",
  );
  for (const odd of ["+QUEUED\r\n", "+NO\r\n", ":1\r\n"]) {
    assertEquals(
      merged("mset", [0, 1], [reply("+OK\r\n"), reply(odd)]),
      "-ERR backend 10.0.0.1:7001: malformed reply\r\n",
    );
  }
});

/** A store of strings that answers fragments as a backend would. */
function answer(store: Map<string, string>, words: string[]): string {
  const [name, ...rest] = words;
  if (name === "MGET") {
    const elements = rest.map((key) => {
      const value = store.get(key);
      return value === undefined ? "$-1\r\n" : `$${value.length}\r\n${value}\r\n`;
    });
    return `*${rest.length}\r\n${elements.join("")}`;
  }
  if (name === "MSET") {
    for (let index = 0; index < rest.length; index += 2) store.set(rest[index]!, rest[index + 1]!);
    return "+OK\r\n";
  }
  return `:${rest.filter((key) => store.delete(key)).length}\r\n`;
}

/** Splits a request over `backends`, lets each answer its fragment, and merges. */
function throughBackends(words: string[], backends: Map<string, string>[]): string {
  const bytes = bytesOf(request(...words));
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  assertEquals(parser.parse(bytes, 0, bytes.length), ParseStatus.Complete);
  const fragmentOfKey = new Int32Array(frame.keyCount);
  const used: number[] = [];
  for (let key = 0; key < frame.keyCount; key++) {
    const word = words[frame.firstKey + key * frame.keyStep]!;
    const backend = word.charCodeAt(word.length - 1) % backends.length;
    if (!used.includes(backend)) used.push(backend);
    fragmentOfKey[key] = used.indexOf(backend);
  }
  const parts = used.map((backend, fragment): ReplyPart => {
    const keys = [...fragmentOfKey.keys()].filter((key) => fragmentOfKey[key] === fragment);
    const nextKey = new Int32Array(frame.keyCount).fill(-1);
    for (let index = 1; index < keys.length; index++) nextKey[keys[index - 1]!] = keys[index]!;
    const log = new SendLog(new ChunkPool());
    const selection = { firstKey: keys[0]!, keyCount: keys.length, nextKey };
    protocol.writeFragment(frame, bytes, selection, log);
    return reply(answer(backends[backend]!, wordsOf(textOf(log))));
  });
  const log = new SendLog(new ChunkPool());
  protocol.writeMerged(
    { row: frame.row!, keyCount: frame.keyCount, fragmentOfKey, parts },
    log,
    frame,
  );
  return textOf(log);
}

/** The words of a request that must be well formed. */
function wordsOf(text: string): string[] {
  const bytes = bytesOf(text);
  const frame = new RequestFrame();
  const status = protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
  assertEquals([status, frame.end], [ParseStatus.Complete, bytes.length]);
  return Array.from(
    { length: frame.argumentCount },
    (_, word) => decoder.decode(bytes.subarray(frame.argumentStart(word), frame.argumentEnd(word))),
  );
}

Deno.test("split requests over many backends answer as one backend would", () => {
  const random = seededRandom("split requests");
  for (let run = 0; run < 50; run++) {
    const single = new Map<string, string>();
    const backends = Array.from({ length: random.between(1, 5) }, () => new Map<string, string>());
    for (let step = 0; step < 20; step++) {
      const keys = Array.from({ length: random.between(1, 30) }, () => `key${random.below(40)}`);
      const words = random.pick([
        ["MGET", ...keys],
        ["DEL", ...keys],
        ["MSET", ...keys.flatMap((key) => [key, `${key}=${random.below(1000)}\r\n`])],
      ]);
      assertEquals(throughBackends(words, backends), answer(single, words), words.join(" "));
    }
  }
});
