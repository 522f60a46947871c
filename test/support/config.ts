import { type InstanceConfig, instanceConfig } from '../../src/config.js';

/** An instance's configuration for tests: defaults, the given Redis, quiet logs. */
export function testConfig(redisUrl: string, overrides: Record<string, string> = {}): InstanceConfig {
  return instanceConfig({
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'silent',
    HOKM_CLUSTER_SECRET: 'secret-of-the-tests',
    ...overrides,
  });
}
