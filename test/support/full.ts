/** Whether everything is to be tested (`npm run test:full`), also what takes too long for every commit. */
export const isFullRun = process.env.HOKM_TEST_FULL === '1';
