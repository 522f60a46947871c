/** A frame on its way out: its JSON, and what a transport makes of that, made once however many connections it goes to. */
export class Frame {
  private bytes: Uint8Array | undefined;

  constructor(readonly text: string) {}

  /** What `carry` makes of the text; there is one transport that carries bytes. */
  carriedBy(carry: (text: string) => Uint8Array): Uint8Array {
    this.bytes ??= carry(this.text);
    return this.bytes;
  }
}
