/** A line for people; never on stdout. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** Something that the user has to do; `message` is all that is told. */
export class Refusal extends Error {}
