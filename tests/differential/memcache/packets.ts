/**
 * Random packets of memcached's binary protocol.
 *
 * @module
 */
import type { Random } from "../../support/tools/seed.ts";
import { type Keys, randomPair } from "./lines.ts";
import { request } from "../../unit/protocol/memcache/binary/packets.ts";

/** Operation and its quiet form. */
const GETS = [[0x00, 0x09], [0x0c, 0x0d]] as const;
const STORES = [[0x01, 0x11], [0x01, 0x11], [0x02, 0x12], [0x03, 0x13]] as const;
const JOINS = [[0x0e, 0x19], [0x0f, 0x1a]] as const;
const NUMBERS = [[0x05, 0x15], [0x06, 0x16]] as const;
const TOUCHES = [[0x1c, 0x1c], [0x1d, 0x1e], [0x23, 0x24]] as const;

/** One request in a packet. */
export function randomPacket(random: Random, keys: Keys): string {
  const [key, value] = randomPair(random, keys);
  const opaque = random.next();
  const form = random.chance(0.4) ? 1 : 0;
  const kind = random.below(100);
  if (kind < 30) return request({ operation: random.pick(GETS)[form], key, opaque });
  if (kind < 55) {
    const extras = number(random.pick([0, 1, 0xffffffff])) + number(random.pick([0, 1000]));
    const cas = random.chance(0.1) ? 1 : 0;
    return request({ operation: random.pick(STORES)[form], key, opaque, extras, value, cas });
  }
  if (kind < 62) {
    const other = random.pick(keys.others);
    return request({ operation: random.pick(JOINS)[form], key: other, opaque, value });
  }
  if (kind < 76) {
    const extras = number(0) + number(random.pick([1, 3])) + number(0) + number(7777777) +
      number(random.pick([0, 0, 0xffffffff]));
    const counted = random.pick(keys.counted);
    return request({ operation: random.pick(NUMBERS)[form], key: counted, opaque, extras });
  }
  if (kind < 83) return request({ operation: [0x04, 0x14][form]!, key, opaque });
  if (kind < 93) {
    const extras = number(random.pick([0, 1000]));
    return request({ operation: random.pick(TOUCHES)[form], key, opaque, extras });
  }
  return random.pick([
    request({ operation: 0x0a, opaque }),
    request({ operation: 0x0b, opaque }),
    request({ operation: 0x20, opaque }),
    request({ operation: 0x1b, opaque }),
    request({ operation: 0x40, opaque }),
    request({ operation: 0x10, key: "nothing", opaque }),
  ]);
}

/** A request at which memcached hangs up, in most cases behind an answer. */
export function fatalPacket(random: Random, key: string): string {
  const opaque = random.next();
  return random.pick([
    request({ operation: 0x00, opaque }),
    request({ operation: 0x01, key, opaque }),
    request({ operation: 0x0a, value: "x", opaque }),
    request({ key, opaque, lengths: { body: 1 } }),
    request({ operation: 0x07, opaque }),
    request({ operation: 0x17, opaque }),
    `get ${key}\r\n`.padEnd(24, " "),
  ]);
}

/** 32 bits in network order. */
function number(value: number): string {
  return String.fromCharCode(value >>> 24, value >>> 16 & 0xff, value >>> 8 & 0xff, value & 0xff);
}
