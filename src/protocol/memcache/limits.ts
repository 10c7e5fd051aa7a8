/**
 * Every bound of the memcache text protocol, each with its unit and where it comes from: memcached
 * 1.6.18, probed and cross-read with its `protocol.txt`.
 *
 * @module
 */

/** Bytes of a key; memcached's `KEY_MAX_LENGTH`. */
export const KEY_LIMIT_BYTES = 250;

/**
 * Bytes of a client's request line with its line end: what memcached's own read buffer takes of a line
 * that is no key list.
 */
export const LINE_LIMIT_BYTES = 16 * 1024;

/**
 * Bytes of a line to a server with its line end. memcached closes a connection that has sent more than
 * 2,048 bytes without a line end, key lists of `get` and `gets` excepted.
 */
export const SERVER_LINE_LIMIT_BYTES = 2048;

/** Bytes of a client's line of keys with its line end; memcached itself sets no limit to these. */
export const KEY_LIST_LIMIT_BYTES = 8 * 1024 * 1024;

/** Words of one line: what remembering where they stand may cost is 8 bytes for each. */
export const WORDS_MAX = 1024 * 1024;

/**
 * Bytes of keys in one `get` or `gets` line to a server. memcached answers nobody else on the thread that
 * reads such a line, and its time a key grows with the line; this much takes it a millisecond or two.
 */
export const SERVER_KEYS_LIMIT_BYTES = 64 * 1024;

/** Bytes of a value: the largest item size that memcached can be given (`-I 1g`). */
export const VALUE_LIMIT_BYTES = 1024 * 1024 * 1024;

/** memcached takes a data length from 0 to this many bytes for one; above it the line is bad. */
export const DATA_LENGTH_MAX_BYTES = 2 ** 31 - 3;

/** Bytes of one line of a reply with its line end. A VALUE line has at most 317. */
export const REPLY_LINE_LIMIT_BYTES = 2048;

/** Bytes of a whole reply: a key list's values together. */
export const REPLY_LIMIT_BYTES = 2 ** 31 - 1;
