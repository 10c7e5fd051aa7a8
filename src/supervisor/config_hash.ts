/**
 * One number for a configuration, by which two proxies, or one before and after a reload, are compared.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { sha256 } from "../hash/mod.ts";

/** Bytes of the digest that are used: a metric's number is exact up to 2^53. */
const HASH_BYTES = 6;
/** A number made of a secret would help to guess it. */
const SECRET_FIELDS = new Set(["adminToken", "passwords", "backendCredentials", "pem"]);

const encoder = new TextEncoder();

/** The number of a configuration, from 0 to 2^48 - 1; where the file lies, and its secrets, do not count. */
export function configHash({ runtime, clusters }: Config): number {
  const text = JSON.stringify(
    { runtime, clusters },
    (field, value: unknown) => SECRET_FIELDS.has(field) ? undefined : value,
  );
  const digest = sha256(encoder.encode(text));
  return digest.subarray(0, HASH_BYTES).reduce((hash, byte) => hash * 256 + byte, 0);
}
