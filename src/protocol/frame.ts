/** A frame on its way out: its JSON, and what a transport makes of that, made once however many connections it goes to. */
export class Frame {
  private bytes: Buffer | undefined;

  constructor(readonly text: string) {}

  /** The bytes that `encode` makes of the text: all connections that carry bytes encode alike. */
  encodeOnce(encode: (text: string) => Buffer): Buffer {
    this.bytes ??= encode(this.text);
    return this.bytes;
  }
}
