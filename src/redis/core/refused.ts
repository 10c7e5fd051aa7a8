/**
 * What stands in the place of something that a client cannot have.
 *
 * @module
 */

/** Why it cannot be had, as the reply that says so: an error. */
export class Refused {
  readonly reply: Uint8Array;

  constructor(reply: Uint8Array) {
    this.reply = reply;
  }
}
