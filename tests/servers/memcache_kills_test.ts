/**
 * Servers that are killed under load leave no client out of step: every value has its key in it, every answer the
 * number of its request, and behind a barrier nothing is due any more.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";
import { request } from "../unit/protocol/memcache/binary/packets.ts";
import { toBytes, toText } from "../unit/protocol/memcache/parse_stream.ts";
import { startMemcachePool } from "./memcache_pool.ts";

const CLIENTS = 6;
const KILLS = 6;
/** Requests of one pipeline at most. */
const PIPELINE_MAX = 40;
const KEYS = 60;

/** One request, by its number. */
interface Asked {
  readonly key: string;
  readonly isGet: boolean;
  readonly isQuiet: boolean;
}

/** What all clients have seen. */
const seen = { values: 0, failures: 0, pipelines: 0 };

/** A client that asks pipeline after pipeline. */
abstract class Client {
  readonly #connection: Deno.TcpConn;
  readonly #random: Random;
  #number = 0;

  constructor(connection: Deno.TcpConn, random: Random) {
    this.#connection = connection;
    this.#random = random;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const asked = new Map<number, Asked>();
      let stream = "";
      for (let left = this.#random.between(1, PIPELINE_MAX); left > 0; left--) {
        const number = this.#number = (this.#number + 1) % 1_000_000;
        const one = {
          // Keys that differ in their last letters alone lie close together.
          key: `user:${this.#random.below(KEYS) * 7919}:name`,
          isGet: this.#random.chance(0.6),
          isQuiet: this.#random.chance(0.4),
        };
        asked.set(number, one);
        stream += this.write(number, one);
      }
      await this.#send(toBytes(stream + this.barrier));
      this.check(await this.#receive(), asked);
      seen.pipelines += 1;
    }
    this.#connection.close();
  }

  protected abstract readonly barrier: string;
  protected abstract readonly barrierAnswer: string;
  protected abstract write(number: number, asked: Asked): string;
  protected abstract check(answers: string, asked: ReadonlyMap<number, Asked>): void;

  /** An answer to request `number` with this value, or with none. */
  protected checkAnswer(asked: Asked | undefined, value: string | null, number: number): void {
    if (asked === undefined) throw new Error(`nobody asked ${number}`);
    if (value === null) return;
    assert(asked.isGet && value.startsWith(`${asked.key}=`), `${asked.key} has ${value}`);
    seen.values += 1;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  async #receive(): Promise<string> {
    let text = "";
    const buffer = new Uint8Array(64 * 1024);
    while (!text.endsWith(this.barrierAnswer)) {
      const count = await withDeadline(this.#connection.read(buffer), "the barrier's answer");
      if (count === null) throw new Error(`closed behind ${JSON.stringify(text.slice(-200))}`);
      text += toText(buffer, 0, count);
    }
    return text.slice(0, -this.barrierAnswer.length);
  }
}

/** Meta commands; a failure has no number. */
class LineClient extends Client {
  protected readonly barrier = "mn\r\n";
  protected readonly barrierAnswer = "MN\r\n";

  protected write(number: number, { key, isGet, isQuiet }: Asked): string {
    const flags = `O${number}${isQuiet ? " q" : ""}`;
    if (isGet) return `mg ${key} v ${flags}\r\n`;
    const value = `${key}=${number}`;
    return `ms ${key} ${value.length} ${flags}\r\n${value}\r\n`;
  }

  protected check(answers: string, asked: ReadonlyMap<number, Asked>): void {
    const lines = answers.split("\r\n").slice(0, -1);
    const answered: number[] = [];
    let failures = 0;
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]!;
      if (line.startsWith("SERVER_ERROR")) {
        failures += 1;
        continue;
      }
      const found = /^(HD|EN|VA \d+) O(\d+)$/.exec(line);
      if (found === null) throw new Error(`unexpected ${line}`);
      const number = Number(found[2]);
      answered.push(number);
      const value = line.startsWith("VA") ? lines[++index]! : null;
      this.checkAnswer(asked.get(number), value, number);
    }
    checkNumbers(answered, failures, asked);
  }
}

/** Packets; a failure has its request's number. */
class PacketClient extends Client {
  protected readonly barrier = request({ operation: 0x0a, opaque: 0xffffffff });
  protected readonly barrierAnswer = `\x81\x0a${"\0".repeat(10)}\xff\xff\xff\xff${"\0".repeat(8)}`;

  protected write(number: number, { key, isGet, isQuiet }: Asked): string {
    const opaque = number;
    if (isGet) return request({ operation: isQuiet ? 0x09 : 0x00, key, opaque });
    const value = `${key}=${number}`;
    const extras = "\0".repeat(8);
    return request({ operation: isQuiet ? 0x11 : 0x01, key, opaque, extras, value });
  }

  protected check(answers: string, asked: ReadonlyMap<number, Asked>): void {
    const bytes = toBytes(answers);
    const answered: number[] = [];
    for (let start = 0; start < bytes.length;) {
      const view = new DataView(bytes.buffer, start);
      const [status, length, number] = [view.getUint16(6), view.getUint32(8), view.getUint32(12)];
      const isValue = status === 0 && bytes[start + 4] === 4;
      const value = isValue ? toText(bytes, start + 28, start + 24 + length) : null;
      this.checkAnswer(asked.get(number), value, number);
      assert([0, 1, 0x86].includes(status), `status ${status}`);
      if (status === 0x86) seen.failures += 1;
      answered.push(number);
      start += 24 + length;
    }
    checkNumbers(answered, 0, asked);
  }
}

/** Answers come in the order of the requests, and to all that are not quiet, but for `failures` without a number. */
function checkNumbers(
  answered: readonly number[],
  failures: number,
  asked: ReadonlyMap<number, Asked>,
): void {
  const order = [...asked.keys()];
  const places = answered.map((number) => order.indexOf(number));
  assertEquals(places, [...new Set(places)].toSorted((one, other) => one - other));
  const missing = [...asked].filter(([number, { isQuiet }]) =>
    !isQuiet && !answered.includes(number)
  );
  assert(missing.length <= failures, `${missing.length} without an answer, ${failures} failures`);
  seen.failures += failures;
}

Deno.test("servers killed under load leave no client of lines or packets out of step", async () => {
  await using pool = await startMemcachePool();
  const random = seededRandom("servers killed under load");
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async (_, index) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
    const kind = index % 2 === 0 ? LineClient : PacketClient;
    await new kind(connection, random).run(() => isOver);
  });
  const running = Promise.all(clients);
  running.catch(() => {});
  const goesOn = async () => {
    const { pipelines } = seen;
    await Promise.race([running, until(() => seen.pipelines > pipelines + 50, { what: "more" })]);
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const server = random.pick(pool.servers);
    await goesOn();
    const { failures } = seen;
    await server.kill();
    await Promise.race([running, until(() => seen.failures > failures, { what: "a failure" })]);
    await goesOn();
    await server.start();
  }
  await goesOn();
  await Promise.race([running, until(() => seen.values > 100, { what: "enough values" })]);
  isOver = true;
  await running;
});
