/** A mistake that whoever runs the command can put right: told in one line, without a stack. */
export class Told extends Error {
  override readonly name = 'Told';
}
