/**
 * The kinds of connections to memcached servers: one for each of its three protocols, as far as a server
 * speaks them.
 *
 * @module
 */
import type { Profile, Profiles } from "../protocol.ts";

/** Which of memcached's protocols a connection speaks. */
export const MemcacheDialect = {
  /** Lines with the classic commands. */
  Text: 0,
  /** Lines with all commands; its servers have shown that they know the meta commands. */
  Meta: 1,
  Binary: 2,
} as const;

/** Connections of clients that speak the classic protocol. */
export const TEXT_PROFILES: Profiles = profilesOf(MemcacheDialect.Text);
/** Connections of clients that speak the meta protocol. */
export const META_PROFILES: Profiles = profilesOf(MemcacheDialect.Meta);
/** Connections of clients that speak the binary protocol. */
export const BINARY_PROFILES: Profiles = profilesOf(MemcacheDialect.Binary);
/**
 * Lines that list what servers hold. Keys that were written in packets or in base64 may hold line ends there, and
 * whoever wrote them may have made them look like replies: no other request shares a connection with such lists.
 */
export const LIST_PROFILE: Profile = { ...TEXT_PROFILES.master, index: 3 };

/** There are no replicas: both are one. */
function profilesOf(dialect: number): Profiles {
  const profile = { index: dialect, isReadonly: false, version: 2, database: 0, dialect } as const;
  return { master: profile, replica: profile };
}
