/**
 * When the other side has taken no byte for too long.
 *
 * @module
 */
import type { IoEngine, Socket } from "./io_engine.ts";

/**
 * Whether a write has gone on for more than `timeoutMs` without a byte being taken, leaving out what the engine
 * itself makes of it.
 */
export function isWriteOverdue(
  socket: Socket,
  engine: IoEngine,
  nowMs: number,
  timeoutMs: number,
): boolean {
  if (socket.writingSinceMs === 0) return false;
  const lateMs = nowMs - socket.writingSinceMs - timeoutMs;
  return lateMs > 0 && lateMs > engine.writeDelayMs(nowMs);
}
