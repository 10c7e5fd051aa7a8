/**
 * The kinds of connections to memcached servers: one for each of its three protocols, as far as a server
 * speaks them.
 *
 * @module
 */
import type { Profiles } from "../protocol.ts";

/** Which of memcached's protocols a connection speaks. */
export const MemcacheDialect = {
  /** Lines with the classic commands. */
  Text: 0,
  /** Lines with all commands; its servers have shown that they know the meta commands. */
  Meta: 1,
  Binary: 2,
} as const;

export const TEXT_PROFILES: Profiles = profilesOf(MemcacheDialect.Text);
export const META_PROFILES: Profiles = profilesOf(MemcacheDialect.Meta);
export const BINARY_PROFILES: Profiles = profilesOf(MemcacheDialect.Binary);

/** There are no replicas: both are one. */
function profilesOf(dialect: number): Profiles {
  const profile = { index: dialect, isReadonly: false, version: 2, database: 0, dialect } as const;
  return { master: profile, replica: profile };
}
