/** A Redis whose host's clock can be set: a library that is loaded into it adds an offset to the time of day. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis, type TestRedis, temporaryFolder } from '../support/programs.js';
import type { ExternalRedis } from './cluster-under-test.js';
import { compileLibrary } from './compiler.js';

const OFFSET_BYTES = 8;
/** Microseconds are read from the file that the variable names; monotonic time is left alone, as a real step leaves it. */
const LIBRARY = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile int64_t *offset_us;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
__attribute__((constructor)) static void load(void) {
  const char *path = getenv("CHAOS_CLOCK_OFFSET");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void *mapped = mmap(0, ${OFFSET_BYTES}, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) offset_us = mapped;
}
static int64_t now_us(void) {
  struct timespec real;
  if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_clock_gettime(CLOCK_REALTIME, &real);
  return real.tv_sec * 1000000LL + real.tv_nsec / 1000 + (offset_us ? *offset_us : 0);
}
int gettimeofday(struct timeval *tv, void *zone) {
  int64_t now = now_us();
  tv->tv_sec = now / 1000000;
  tv->tv_usec = now % 1000000;
  return 0;
}
int clock_gettime(clockid_t clock, struct timespec *ts) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    return real_clock_gettime(clock, ts);
  }
  int64_t now = now_us();
  ts->tv_sec = now / 1000000;
  ts->tv_nsec = now % 1000000 * 1000;
  return 0;
}
time_t time(time_t *to) {
  time_t now = now_us() / 1000000;
  if (to) *to = now;
  return now;
}
`;

export class SteppedRedis {
  private constructor(
    private readonly redis: TestRedis,
    private readonly folder: Awaited<ReturnType<typeof temporaryFolder>>,
    private readonly offsetFile: string,
  ) {}

  static async start(): Promise<SteppedRedis> {
    const folder = await temporaryFolder();
    const offsetFile = join(folder.path, 'offset');
    writeFileSync(offsetFile, Buffer.alloc(OFFSET_BYTES));
    const library = compileLibrary(folder.path, 'clock', LIBRARY);
    // Instances dial from other loopback addresses, which it would take for other hosts.
    const redis = await startRedis(['--protected-mode', 'no'], { LD_PRELOAD: library, CHAOS_CLOCK_OFFSET: offsetFile });
    return new SteppedRedis(redis, folder, offsetFile);
  }

  /** The environment of a cluster that uses it. */
  get environment(): ExternalRedis {
    return { REDIS_URL: this.redis.url, REDIS_SENTINELS: '', REDIS_MASTER_NAME: 'hokm', REDIS_COPIES: '1' };
  }

  /** Its clock is so much ahead of the true time from now on, ms; behind when below 0. */
  step(offsetMs: number): void {
    const bytes = Buffer.alloc(OFFSET_BYTES);
    bytes.writeBigInt64LE(BigInt(offsetMs) * 1_000n);
    const file = openSync(this.offsetFile, 'r+');
    writeSync(file, bytes, 0, OFFSET_BYTES, 0);
    closeSync(file);
  }

  async stop(): Promise<void> {
    await this.redis.stop();
    await this.folder.remove();
  }
}
