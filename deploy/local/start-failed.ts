/** The cluster cannot start; `message` is what the user is told, and nothing else is. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
}
