/*
 * Runs a fuzz target over the files of its corpus folder, without libFuzzer: what was found once is
 * tested for ever. An absent or empty folder fails, so that no target goes without seeds.
 */
#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (!dir) {
		(void)fprintf(stderr, "open corpus folder %s: %s\n", argc == 2 ? argv[1] : "(none)",
			      strerror(errno));
		return 1;
	}
	while ((entry = readdir(dir))) {
		auto_free char *data = NULL;
		auto_fd int fd = -EBADF;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fd_read_all(fd, 64 << 20, &data, &len) < 0) {
			(void)fprintf(stderr, "read seed %s: %s\n", entry->d_name, strerror(errno));
			return 1;
		}
		(void)LLVMFuzzerTestOneInput((const uint8_t *)data, len);
		count++;
	}
	(void)closedir(dir);
	(void)printf("%u seeds replayed\n", count);
	return count ? 0 : 1;
}
