/*
 * What a verification can cost at least with the stock libraries: reads every blob below a folder, inflates it (zlib),
 * hashes it (OpenSSL) and compares the hash with the file's name. Threads take folders from one counter.
 *
 *   cc -O2 -o verify verify.c -lz -lcrypto -lpthread
 *   ./verify <backup path>/items <threads>
 *
 * Prints "<files> <raw bytes> <bad files> <processor seconds>".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char **folders;
static size_t folder_count;
static atomic_size_t next_folder;
static atomic_ullong files, raw_bytes, bad;

struct room {
  unsigned char *in, *out;
  size_t in_size, out_size;
  z_stream z;
  EVP_MD_CTX *md;
  const EVP_MD *sha256;
};

static void *grow(void *memory, size_t *size, size_t wanted) {
  if (*size >= wanted) return memory;
  *size = wanted * 2;
  memory = realloc(memory, *size);
  if (!memory) abort();
  return memory;
}

/* Raw size of the blob, or -1 when it is not what its name says. */
static long long check(struct room *room, const char *path, const char *name) {
  int fd = open(path, O_RDONLY);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0) return -1;
  size_t size = (size_t)stat.st_size, done = 0;
  room->in = grow(room->in, &room->in_size, size);
  while (done < size) {
    ssize_t n = read(fd, room->in + done, size - done);
    if (n <= 0) break;
    done += (size_t)n;
  }
  close(fd);
  if (done < 18) return -1;

  const unsigned char *trailer = room->in + done - 4;
  size_t hint = trailer[0] | trailer[1] << 8 | trailer[2] << 16 | (size_t)trailer[3] << 24;
  if (hint > (64u << 20)) hint = 64u << 20;
  room->out = grow(room->out, &room->out_size, hint + 64);
  inflateReset2(&room->z, 15 + 16);
  room->z.next_in = room->in;
  room->z.avail_in = (uInt)done;
  room->z.next_out = room->out;
  room->z.avail_out = (uInt)room->out_size;
  if (inflate(&room->z, Z_FINISH) != Z_STREAM_END) return -1;

  unsigned char hash[32], text[45];
  EVP_DigestInit_ex(room->md, room->sha256, NULL);
  EVP_DigestUpdate(room->md, room->out, room->z.total_out);
  EVP_DigestFinal_ex(room->md, hash, NULL);
  EVP_EncodeBlock(text, hash, sizeof hash);
  for (unsigned char *c = text; *c; c++)
    if (*c == '/') *c = ',';
  return strcmp((char *)text, name) == 0 ? (long long)room->z.total_out : -1;
}

static void *run(void *root) {
  struct room room = {0};
  room.md = EVP_MD_CTX_new();
  room.sha256 = EVP_sha256();
  inflateInit2(&room.z, 15 + 16);
  char path[4096];
  for (size_t at; (at = atomic_fetch_add(&next_folder, 1)) < folder_count;) {
    snprintf(path, sizeof path, "%s/%s", (char *)root, folders[at]);
    DIR *dir = opendir(path);
    if (!dir) continue;
    for (struct dirent *entry; (entry = readdir(dir));) {
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s/%s", (char *)root, folders[at], entry->d_name);
      long long size = check(&room, path, entry->d_name);
      atomic_fetch_add(&files, 1);
      if (size < 0) atomic_fetch_add(&bad, 1);
      else atomic_fetch_add(&raw_bytes, (unsigned long long)size);
    }
    closedir(dir);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "verify <items folder> <threads>\n"), 2;
  DIR *dir = opendir(argv[1]);
  if (!dir) return perror(argv[1]), 1;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') continue;
    folders = realloc(folders, (folder_count + 1) * sizeof *folders);
    folders[folder_count++] = strdup(entry->d_name);
  }
  closedir(dir);
  int threads = atoi(argv[2]);
  pthread_t ids[256];
  if (threads < 1 || threads > 256) return 2;
  for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, run, argv[1]);
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
  seconds += (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("%llu %llu %llu %.3f\n", (unsigned long long)files, (unsigned long long)raw_bytes,
         (unsigned long long)bad, seconds);
  return 0;
}
