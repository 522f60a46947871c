/** Jest runs the compiled tests: `tsc` first, so that a type error stops the run and tests spawn the files they test. */
export default {
  testEnvironment: 'node',
  transform: {},
  roots: ['<rootDir>/dist'],
  testRegex: String.raw`\.test\.js$`,
  testTimeout: 90_000,
};
