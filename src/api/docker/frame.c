#include "api/docker/frame.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define MULTIPLEXED_SINCE 42

void frame_head(unsigned char head[FRAME_HEAD_SIZE], int stream, size_t len)
{
	uint32_t length = htobe32((uint32_t)len);

	(void)memset(head, 0, FRAME_HEAD_SIZE);
	head[0] = (unsigned char)stream;
	(void)memcpy(head + 4, &length, sizeof(length));
}

const char *frame_type(bool framed, unsigned version)
{
	return framed && version >= MULTIPLEXED_SINCE ? "application/vnd.docker.multiplexed-stream"
						      : "application/vnd.docker.raw-stream";
}

int frame_send(struct response *response, bool framed, int stream, const void *data, size_t len,
	       struct error *err)
{
	unsigned char head[FRAME_HEAD_SIZE];
	int r = 0;

	frame_head(head, stream, len);
	if (framed)
		r = response_send(response, head, sizeof(head), err);
	return r < 0 ? r : response_send(response, data, len, err);
}
