/**
 * Where a request with several keys can go whole.
 *
 * @module
 */
import type { RequestFrame } from "../protocol/protocol.ts";
import type { KeyPlacement } from "./router.ts";

/** What {@link commonPlace} says where the keys have several places. */
export const PLACES_DIFFER = -2;

/**
 * The place that all keys of the frame share.
 *
 * @returns The place; -1 where no backend is left, or without keys; {@link PLACES_DIFFER} where they have several.
 */
export function commonPlace(frame: RequestFrame, bytes: Uint8Array, router: KeyPlacement): number {
  let common = -1;
  for (let key = 0; key < frame.keyCount; key++) {
    const word = frame.firstKey + key * frame.keyStep;
    const place = router.place(bytes, frame.argumentStart(word), frame.argumentEnd(word));
    if (place < 0) return place;
    if (common >= 0 && place !== common) return PLACES_DIFFER;
    common = place;
  }
  if (frame.extraKey < 0) return common;
  const place = router.place(
    bytes,
    frame.argumentStart(frame.extraKey),
    frame.argumentEnd(frame.extraKey),
  );
  return common >= 0 && place >= 0 && place !== common ? PLACES_DIFFER : place;
}
