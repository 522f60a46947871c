/** The program cannot do what it was asked; `message` is what the user is told, and nothing else is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
