/**
 * Why commands are refused, and what to do instead where there is something.
 *
 * @module
 */

/** Commands about one server rather than about keys. */
export const ADMINISTRATION = "it concerns one server; send it to that server";

/** Commands that move data between databases or servers. */
export const DATABASES =
  "it moves keys between databases or servers; copy them by DUMP and RESTORE";

/** Commands that only servers and cluster clients exchange. */
export const INTERNAL = "redirections are followed by the proxy";

/** Commands of publish and subscribe. */
export const PUBLISH_SUBSCRIBE = "channels are not carried; connect to a server";

/** Commands that load or list scripts. */
export const SCRIPTS = "scripts are kept per server; use EVAL, or load them at each server";

/** `WAIT`. */
export const WAITING = "clients share the connections to servers, so it cannot count their writes";
