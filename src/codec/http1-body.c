#include "codec/http1-body.h"

#include "base/parse.h"

#include <errno.h>

#define SIZE_DIGITS_MAX 15 /* so that no size overflows */

void http1_body_init(struct http1_body *body, enum http1_framing framing, uint64_t length)
{
	*body = (struct http1_body) {.state = HTTP1_BODY_END};
	if (framing == HTTP1_CHUNKED) {
		body->chunked = true;
		body->state = HTTP1_BODY_SIZE;
	} else if (framing == HTTP1_LENGTH && length > 0) {
		body->state = HTTP1_BODY_DATA;
		body->left = length;
	}
}

bool http1_body_complete(const struct http1_body *body)
{
	return body->state == HTTP1_BODY_END;
}

static int expect(struct http1_body *body, char c, char expected, enum http1_body_state next)
{
	if (c != expected)
		return -EBADMSG;
	body->state = next;
	return 0;
}

static bool is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static int size_char(struct http1_body *body, char c)
{
	int digit = parse_hex_digit(c);

	if (digit >= 0) {
		if (++body->digits > SIZE_DIGITS_MAX)
			return -EBADMSG;
		body->left = body->left << 4 | (unsigned)digit;
		return 0;
	}
	if (body->digits == 0)
		return -EBADMSG;
	body->passed = 0;
	if (c == ';' || c == ' ' || c == '\t') {
		body->state = HTTP1_BODY_EXTENSION;
		return 0;
	}
	return expect(body, c, '\r', HTTP1_BODY_SIZE_LF);
}

static int extension_char(struct http1_body *body, char c)
{
	if (c == '\r') {
		body->state = HTTP1_BODY_SIZE_LF;
		return 0;
	}
	return is_text(c) && ++body->passed <= HTTP1_EXTENSION_MAX ? 0 : -EBADMSG;
}

static int trailer_char(struct http1_body *body, char c)
{
	bool start = body->state == HTTP1_BODY_TRAILER_START;

	if (c == '\r') {
		body->state = start ? HTTP1_BODY_LAST_LF : HTTP1_BODY_TRAILER_LF;
		return 0;
	}
	/* A folded line begins with a blank. */
	if (!is_text(c) || (start && (c == ' ' || c == '\t')) ||
	    ++body->passed > HTTP1_TRAILERS_MAX)
		return -EBADMSG;
	body->state = HTTP1_BODY_TRAILER;
	return 0;
}

/* Behind the line of a chunk's size. */
static int size_end(struct http1_body *body, char c)
{
	body->digits = 0;
	body->passed = 0;
	return expect(body, c, '\n', body->left > 0 ? HTTP1_BODY_DATA : HTTP1_BODY_TRAILER_START);
}

static int take_char(struct http1_body *body, char c)
{
	switch (body->state) {
	case HTTP1_BODY_DATA_CR:
		return expect(body, c, '\r', HTTP1_BODY_DATA_LF);
	case HTTP1_BODY_DATA_LF:
		return expect(body, c, '\n', HTTP1_BODY_SIZE);
	case HTTP1_BODY_SIZE:
		return size_char(body, c);
	case HTTP1_BODY_EXTENSION:
		return extension_char(body, c);
	case HTTP1_BODY_SIZE_LF:
		return size_end(body, c);
	case HTTP1_BODY_TRAILER_START:
	case HTTP1_BODY_TRAILER:
		return trailer_char(body, c);
	case HTTP1_BODY_TRAILER_LF:
		return expect(body, c, '\n', HTTP1_BODY_TRAILER_START);
	case HTTP1_BODY_LAST_LF:
		return expect(body, c, '\n', HTTP1_BODY_END);
	case HTTP1_BODY_DATA:
	case HTTP1_BODY_END:
		break;
	}
	return -EBADMSG;
}

int http1_body_next(struct http1_body *body, const char **data, size_t *len, const char **ret,
		    size_t *ret_len)
{
	while (*len > 0 && body->state != HTTP1_BODY_END) {
		int r;

		if (body->state == HTTP1_BODY_DATA) {
			size_t n = body->left < *len ? (size_t)body->left : *len;

			*ret = *data;
			*ret_len = n;
			*data += n;
			*len -= n;
			body->left -= n;
			if (body->left == 0)
				body->state = body->chunked ? HTTP1_BODY_DATA_CR : HTTP1_BODY_END;
			return 1;
		}
		r = take_char(body, **data);
		if (r < 0)
			return r;
		(*data)++;
		(*len)--;
	}
	return 0;
}
