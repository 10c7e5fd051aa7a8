/**
 * Every bound of the Redis protocol, with its unit and where it comes from: Redis 7.0's source where it has
 * one, otherwise chosen here.
 *
 * @module
 */

/** Words of one request, its name included; Redis before 7.0 had the same bound. */
export const ARGUMENTS_MAX = 1_048_576;

/** Bytes of one bulk string; Redis's default `proto-max-bulk-len`. */
export const BULK_LIMIT_BYTES = 512 * 1024 * 1024;

/** Bytes of a line without its end: an inline request or a declared count; Redis's `PROTO_INLINE_MAX_SIZE`. */
export const LINE_LIMIT_BYTES = 64 * 1024;

/** Bytes of a whole request; Redis's default `client-query-buffer-limit`. */
export const REQUEST_LIMIT_BYTES = 1024 * 1024 * 1024;

/** Bytes of a whole reply that is kept for a client; one that nobody wants may be of any length. */
export const REPLY_LIMIT_BYTES = 1024 * 1024 * 1024;

/** Bytes of a reply's line without its end: status, error, big number. Scripts can return long errors. */
export const REPLY_LINE_LIMIT_BYTES = 1024 * 1024;

/** Elements due of one reply, all levels of nesting together. */
export const REPLY_ELEMENTS_MAX = 2 ** 31 - 1;

/** Bytes of the words quoted in an error text; Redis's own clip. */
export const QUOTED_LIMIT_BYTES = 128;
