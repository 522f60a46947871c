/** A frame on its way out: its JSON, and what a transport makes of that, made once however many connections it goes to. */
export class Frame {
  private bytes: Buffer | undefined;

  constructor(readonly text: string) {}

  /** The bytes that `carry` makes of the text; there is one transport that carries bytes. */
  carriedBy(carry: (text: string) => Buffer): Buffer {
    this.bytes ??= carry(this.text);
    return this.bytes;
  }
}
