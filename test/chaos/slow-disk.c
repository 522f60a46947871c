/*
 * Loaded into every process of a cluster (LD_PRELOAD), where it changes redis-server alone: an fsync of its append-only
 * file takes as many milliseconds longer as the file HOKM_SLOW_DISK says, and what has been synced is noted beside it.
 * With `HOKM_SLOW_DISK.power-lost` there, the next redis-server finds only that: what a disk has after a power failure.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE (2 * PATH_MAX)

/* The path of a file beside the control file; 0 in any process that is none of the disk's Redis. */
static int beside(char *path, const char *name) {
  const char *control = getenv("HOKM_SLOW_DISK");
  if (!control || strcmp(program_invocation_short_name, "redis-server") != 0) return 0;
  snprintf(path, PATH_SIZE, "%s%s", control, name);
  return 1;
}

static void wait_as_told(void) {
  char path[PATH_SIZE], text[32] = "";
  if (!beside(path, "")) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
  close(file);
  long ms = strtol(text, NULL, 10);
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

/* In `synced/NAME`: how much of the append-only file NAME is on the disk, and where the file is. */
static void note(int fd, long size) {
  char link[64], target[PATH_MAX], name[PATH_MAX + 16], path[PATH_SIZE], text[PATH_MAX + 32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length < 0) return;
  target[length] = 0;
  const char *base = strrchr(target, '/');
  if (!base || !strstr(base, ".aof")) return;
  snprintf(name, sizeof name, ".synced%s", base);
  if (!beside(path, name)) return;
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  int bytes = snprintf(text, sizeof text, "%015ld %s", size, target);
  if (pwrite(file, text, bytes, 0) != bytes) abort();
  close(file);
}

static int synced(const char *call, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
  struct stat before;
  int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  if (known) wait_as_told();
  int result = real(fd);
  if (known && result == 0) note(fd, (long)before.st_size);
  return result;
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }

/* Before redis-server reads its files. */
__attribute__((constructor)) static void lose_what_was_not_synced(void) {
  char marker[PATH_SIZE], folder[PATH_SIZE], path[PATH_SIZE + NAME_MAX + 2], text[PATH_MAX + 32];
  if (!beside(marker, ".power-lost") || access(marker, F_OK) != 0) return;
  beside(folder, ".synced");
  DIR *notes = opendir(folder);
  for (struct dirent *entry; notes && (entry = readdir(notes));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (!file) continue;
    struct stat now;
    if (fgets(text, sizeof text, file) && strlen(text) > 16 && stat(text + 16, &now) == 0) {
      long size = strtol(text, NULL, 10);
      if (now.st_size > size && truncate(text + 16, size) != 0) abort();
    }
    fclose(file);
  }
  if (notes) closedir(notes);
  unlink(marker);
}
