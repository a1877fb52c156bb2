#include "codec/http1-request.h"

#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const method_names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

const char *http1_method_name(enum http1_method method)
{
	return method < HTTP1_OTHER ? method_names[method] : "-";
}

size_t http1_head_length(const char *data, size_t len, size_t seen)
{
	static const char end[] = "\r\n\r\n";
	size_t from = seen > 3 ? seen - 3 : 0;
	const char *found;

	if (len <= from)
		return 0;
	found = memmem(data + from, len - from, end, sizeof(end) - 1);
	return found ? (size_t)(found - data) + sizeof(end) - 1 : 0;
}

/* RFC 9110, tchar. */
static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_length(const char *text)
{
	size_t n = 0;

	while (is_token_char(text[n]))
		n++;
	return n;
}

/* Visible characters, blanks, and bytes beyond ASCII. */
static bool is_value_char(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

/* Cuts the next line off: *@text moves behind its CRLF. NULL if a stray CR, LF or NUL is in it. */
static char *cut_line(char **text, char *end)
{
	char *line = *text, *p = line;

	while (p < end && *p != '\r' && *p != '\n' && *p != '\0')
		p++;
	if (end - p < 2 || p[0] != '\r' || p[1] != '\n')
		return NULL;
	*p = '\0';
	*text = p + 2;
	return line;
}

static int parse_version(const char *text, struct http1_request *request)
{
	if (strncmp(text, "HTTP/", 5) != 0 || !isdigit((unsigned char)text[5]) || text[6] != '.' ||
	    !isdigit((unsigned char)text[7]) || text[8])
		return -EBADMSG;
	if (STREQ(text, "HTTP/1.1"))
		return 0;
	if (STREQ(text, "HTTP/1.0")) {
		request->http10 = true;
		return 0;
	}
	return -EPROTONOSUPPORT;
}

static int parse_request_line(char *line, struct http1_request *request)
{
	size_t n = token_length(line);
	char *target, *version;

	if (n == 0 || line[n] != ' ')
		return -EBADMSG;
	line[n] = '\0';
	request->method = HTTP1_OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(method_names); i++)
		if (STREQ(line, method_names[i]))
			request->method = (enum http1_method)i;
	target = line + n + 1;
	version = strchr(target, ' ');
	if (!version || *target != '/')
		return -EBADMSG;
	*version++ = '\0';
	for (const char *p = target; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '#')
			return -EBADMSG;
	request->target = target;
	return parse_version(version, request);
}

static int parse_header(char *line, struct http1_request *request)
{
	size_t n = token_length(line);
	char *value, *end;

	/* A line that begins with a blank would be a folded one, and has no name. */
	if (n == 0 || line[n] != ':')
		return -EBADMSG;
	if (request->header_count == HTTP1_HEADERS_MAX)
		return -E2BIG;
	line[n] = '\0';
	for (char *p = line; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	value = line + n + 1;
	for (const char *p = value; *p; p++)
		if (!is_value_char(*p))
			return -EBADMSG;
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	request->headers[request->header_count++] = (struct http1_header) {line, value};
	return 0;
}

static int parse_length(const char *text, uint64_t *ret)
{
	/* Digits only: no sign, no list. */
	if (!isdigit((unsigned char)*text) || parse_u64(text, ret) < 0 || *ret > INT64_MAX)
		return -EBADMSG;
	return 0;
}

static int parse_framing(struct http1_request *request)
{
	const char *length = NULL, *coding = NULL;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct http1_header *header = &request->headers[i];

		if (STREQ(header->name, "content-length")) {
			if (length)
				return -EBADMSG;
			length = header->value;
		} else if (STREQ(header->name, "transfer-encoding")) {
			if (coding)
				return -EBADMSG;
			coding = header->value;
		}
	}
	if (coding) {
		if (length || request->http10)
			return -EBADMSG;
		if (strcasecmp(coding, "chunked") != 0)
			return -EOPNOTSUPP;
		request->framing = HTTP1_CHUNKED;
		return 0;
	}
	if (!length)
		return 0;
	request->framing = HTTP1_LENGTH;
	return parse_length(length, &request->length);
}

/* Whether the comma-separated @list of header @name, in all its lines, has @word. */
static bool has_word(const struct http1_request *request, const char *name, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < request->header_count; i++) {
		const char *p = request->headers[i].value;

		if (!STREQ(request->headers[i].name, name))
			continue;
		while (*p) {
			size_t n;

			p += strspn(p, ", \t");
			n = strcspn(p, ", \t");
			if (n == len && strncasecmp(p, word, n) == 0)
				return true;
			p += n;
		}
	}
	return false;
}

static size_t count_headers(const struct http1_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		count += STREQ(request->headers[i].name, name);
	return count;
}

static int parse_connection(struct http1_request *request)
{
	const char *expect = http1_request_header(request, "expect");
	size_t hosts = count_headers(request, "host");

	if (hosts > 1 || (hosts == 0 && !request->http10))
		return -EBADMSG;
	if (expect && strcasecmp(expect, "100-continue") != 0)
		return -EOPNOTSUPP;
	request->expect_continue = expect && !request->http10;
	request->upgrade = !request->http10 && has_word(request, "connection", "upgrade") &&
			   has_word(request, "upgrade", "tcp");
	/* Nobody of HTTP/1.0 needs the same connection again. */
	request->keep_alive = !request->http10 && !has_word(request, "connection", "close");
	return 0;
}

int http1_request_parse(char *head, size_t len, struct http1_request *ret)
{
	struct http1_request *request = ret;
	char *end = head + len, *line;
	int r;

	*request = (struct http1_request) {.target = NULL};
	line = cut_line(&head, end);
	if (!line)
		return -EBADMSG;
	r = parse_request_line(line, request);
	while (r == 0) {
		line = cut_line(&head, end);
		if (!line)
			return -EBADMSG;
		if (!*line)
			break;
		r = parse_header(line, request);
	}
	if (r == 0 && head != end)
		return -EBADMSG;
	if (r == 0)
		r = parse_framing(request);
	return r < 0 ? r : parse_connection(request);
}

const char *http1_request_header(const struct http1_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (STREQ(request->headers[i].name, name))
			return request->headers[i].value;
	return NULL;
}
