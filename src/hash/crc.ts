/**
 * The cyclic redundancy checks that place keys: twemproxy's three variants, and the one of Redis Cluster.
 *
 * @module
 */

/** Remainders of polynomial 0x1021, most significant bit first (CRC16-XMODEM), by byte. */
const CRC16_TABLE = buildCrc16Table();

/** Remainders of a byte that has one, two or three bytes behind it: four bytes take one step, and hang on each other once. */
const CRC16_BEFORE_1 = shiftedBy1(CRC16_TABLE);
const CRC16_BEFORE_2 = shiftedBy1(CRC16_BEFORE_1);
const CRC16_BEFORE_3 = shiftedBy1(CRC16_BEFORE_2);

/** Remainders of polynomial 0x04c11db7, reflected (CRC-32 of zip and Ethernet). */
const CRC32_TABLE = buildCrc32Table();

function buildCrc16Table(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    table[byte] = crc & 0xffff;
  }
  return table;
}

/** Remainders of what has the remainders of `table`, with one more zero byte behind it. */
function shiftedBy1(table: Int32Array): Int32Array {
  return table.map((crc) => ((crc << 8) & 0xffff) ^ CRC16_TABLE[crc >> 8]!);
}

function buildCrc32Table(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    table[byte] = crc;
  }
  return table;
}

/** CRC16-XMODEM, 0 to 65,535: the checksum of Redis Cluster's slots. */
export function crc16Xmodem(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    crc = crc16OfFour(crc, bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
  }
  for (; i < end; i++) crc = crc16OfOne(crc, bytes[i]!);
  return crc;
}

/** CRC16-XMODEM of what has the checksum `crc`, and four more bytes. */
export function crc16OfFour(crc: number, a: number, b: number, c: number, d: number): number {
  return CRC16_BEFORE_3[(crc >> 8) ^ a]! ^ CRC16_BEFORE_2[(crc & 0xff) ^ b]! ^ CRC16_BEFORE_1[c]! ^
    CRC16_TABLE[d]!;
}

/** CRC16-XMODEM of what has the checksum `crc`, and one more byte. */
export function crc16OfOne(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ byte]!;
}

/** `crc16` of twemproxy: never masked to 16 bits, so that what is shifted out stays in the upper half. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) {
    crc = (crc << 8) ^ CRC16_TABLE[((crc >> 8) ^ bytes[i]!) & 0xff]!;
  }
  return crc >>> 0;
}

/** `crc32` of twemproxy and libmemcached: bits 16 to 30 of the checksum, 0 to 32,767. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  return (crc32a(bytes, start, end) >>> 16) & 0x7fff;
}

/** `crc32a`: the standard CRC-32. */
export function crc32a(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let i = start; i < end; i++) {
    crc = (crc >>> 8) ^ CRC32_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  }
  return ~crc >>> 0;
}
