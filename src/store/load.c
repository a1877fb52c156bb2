#include "store/store.h"
int store_load(const struct root *root, int fd, struct strv *lines, struct error *err)
{
	(void)root;
	(void)fd;
	(void)lines;
	return error_set(err, ERROR_UNSUPPORTED, "load images: not yet");
}
