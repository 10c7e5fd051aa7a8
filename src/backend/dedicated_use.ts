/**
 * What those who give connections to single clients know of one of these.
 *
 * It is a part of the connection, and no value of a `WeakMap` by it: V8 takes such a value for one in lasting use when
 * it looks at young objects only, and what leads from it to the connection makes all that belongs to this last.
 *
 * @module
 */
import type { Listed } from "../member_list.ts";
import type { Backend } from "./backend.ts";
import type { BackendLimits } from "./backend_context.ts";
import type { BackendConnection } from "./connection.ts";
import type { EndListener } from "./link.ts";

/** What is known of a dedicated connection; its place is that among those that clients have. */
export interface DedicatedUse extends Listed {
  readonly backend: Backend;
  /** What it keeps to: its read timeout is that of its user. */
  readonly limits: BackendLimits;
  /** The connection itself, as soon as it is made. */
  connection: BackendConnection | null;
  /** Hears that it is lost. */
  listener: EndListener | null;
}
