/**
 * The cyclic redundancy checks that place keys: twemproxy's three variants, and the one of Redis Cluster.
 *
 * @module
 */

/** Remainders of polynomial 0x1021, most significant bit first (CRC16-XMODEM), by byte. */
export const CRC16_TABLE = buildCrc16Table();

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
  for (let i = start; i < end; i++) {
    crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ bytes[i]!]!;
  }
  return crc;
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
