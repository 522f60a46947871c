/** A frame on its way out: its JSON, and the bytes of that, made once however many connections they go to. */
export class Frame {
  private encoded: Buffer | undefined;

  constructor(readonly text: string) {}

  get bytes(): Buffer {
    this.encoded ??= Buffer.from(this.text);
    return this.encoded;
  }
}
