/*
 * Theory of operation: one pass over the text. Finished values wait on a stack; when their array or
 * object ends they are moved, side by side, to where they stay, and the parent is pushed in their
 * place. All decoded text goes into one buffer of the document's size: a string is never longer
 * decoded than written, and its quotes leave room for the NUL; so does what must follow a number.
 */
#include "base/mem.h"
#include "codec/json-internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define BLOCK_NODES   64 /* of the first block; each further one is twice as large */
#define FEW_MEMBERS   16 /* so many keys are compared each with each */
#define SURROGATES    0xd800
#define LOW_SURROGATE 0xdc00
#define NO_SURROGATE  0xe000
#define REPLACEMENT   0xfffd

struct block {
	struct block *next;
	size_t used, size;
	struct json nodes[];
};

struct document {
	struct json root; /* first: the document is found by it */
	struct block *blocks;
	char text[];
};

struct frame {
	size_t first; /* of its children on the stack */
	const char *key;
	bool is_object;
};

struct reader {
	const char *p, *end;
	char *text; /* where decoded text goes on */
	struct document *document;
	struct json *stack;
	size_t depth, stack_size; /* values waiting */
	struct frame frames[JSON_DEPTH_MAX];
	size_t open;	 /* arrays and objects that have not ended */
	const char *key; /* of the value to come */
};

uint32_t json_key_hash(const char *key)
{
	uint32_t hash = 0x811c9dc5;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x01000193;
	return hash;
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static struct json *push(struct reader *r, enum json_kind kind)
{
	struct json *value;

	if (r->depth == r->stack_size) {
		r->stack_size = r->stack_size ? r->stack_size * 2 : BLOCK_NODES;
		r->stack = mem_resize(r->stack, r->stack_size * sizeof(*r->stack));
	}
	value = &r->stack[r->depth++];
	*value = (struct json) {.key = r->key, .kind = (uint8_t)kind};
	if (r->key)
		value->key_hash = json_key_hash(r->key);
	r->key = NULL;
	return value;
}

static struct json *reserve(struct document *document, size_t count)
{
	struct block *block = document->blocks;
	struct json *nodes;

	if (!block || block->size - block->used < count) {
		size_t size = MAX(block ? block->size * 2 : (size_t)BLOCK_NODES, count);

		block = mem_alloc(sizeof(*block) + size * sizeof(block->nodes[0]));
		*block = (struct block) {.next = document->blocks, .size = size};
		document->blocks = block;
	}
	nodes = &block->nodes[block->used];
	block->used += count;
	return nodes;
}

/* How many bytes the UTF-8 sequence at @p has; 0 if it is none (RFC 3629). */
static size_t sequence_length(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c;

	if (p[0] < 0xc2 || p[0] > 0xf4 || len > left)
		return 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= SURROGATES && c < NO_SURROGATE))
		return 0;
	return len;
}

static void put_character(struct reader *r, uint32_t c)
{
	if (c < 0x80) {
		*r->text++ = (char)c;
		return;
	}
	if (c < 0x800) {
		*r->text++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*r->text++ = (char)(0xe0 | c >> 12);
		} else {
			*r->text++ = (char)(0xf0 | c >> 18);
			*r->text++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*r->text++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*r->text++ = (char)(0x80 | (c & 0x3f));
}

/* The four digits behind "\u"; -1 if they are none. */
static int32_t read_hex(struct reader *r)
{
	int32_t value = 0;

	if (r->end - r->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = r->p[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	r->p += 4;
	return value;
}

/* Behind "\u". A half of a surrogate pair alone becomes U+FFFD, as in Go. */
static int read_unicode(struct reader *r)
{
	int32_t c = read_hex(r), low;
	const char *behind = r->p;

	if (c <= 0)
		return -EINVAL; /* no digits; or a NUL, which would cut the string short */
	if (c >= SURROGATES && c < LOW_SURROGATE && r->end - r->p >= 2 && r->p[0] == '\\' &&
	    r->p[1] == 'u') {
		r->p += 2;
		low = read_hex(r);
		if (low < 0)
			return -EINVAL;
		if (low >= LOW_SURROGATE && low < NO_SURROGATE)
			c = 0x10000 + ((c - SURROGATES) << 10 | (low - LOW_SURROGATE));
		else
			r->p = behind;
	}
	put_character(r, c >= SURROGATES && c < NO_SURROGATE ? REPLACEMENT : (uint32_t)c);
	return 0;
}

static int read_escape(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (r->p == r->end)
		return -EINVAL;
	if (*r->p == 'u') {
		r->p++;
		return read_unicode(r);
	}
	name = *r->p ? strchr(names, *r->p) : NULL;
	if (!name)
		return -EINVAL;
	*r->text++ = values[name - names];
	r->p++;
	return 0;
}

/* Behind the quote. */
static int read_string(struct reader *r, const char **ret)
{
	char *begin = r->text;

	while (r->p < r->end) {
		unsigned char c = (unsigned char)*r->p;
		size_t len = 1;

		if (c == '"') {
			r->p++;
			*r->text++ = '\0';
			*ret = begin;
			return 0;
		}
		if (c < 0x20)
			return -EINVAL;
		if (c == '\\') {
			int e;

			r->p++;
			e = read_escape(r);
			if (e < 0)
				return e;
			continue;
		}
		if (c >= 0x80) {
			len = sequence_length((const unsigned char *)r->p, (size_t)(r->end - r->p));
			if (len == 0)
				return -EINVAL;
		}
		while (len-- > 0)
			*r->text++ = *r->p++;
	}
	return -EINVAL;
}

static bool skip_digits(struct reader *r)
{
	const char *begin = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > begin;
}

static int read_number(struct reader *r)
{
	const char *begin = r->p, *digits;
	struct json *value;

	if (*r->p == '-')
		r->p++;
	digits = r->p;
	if (!skip_digits(r) || (*digits == '0' && r->p - digits > 1))
		return -EINVAL;
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!skip_digits(r))
			return -EINVAL;
	}
	if (r->p < r->end && (*r->p | 0x20) == 'e') {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		if (!skip_digits(r))
			return -EINVAL;
	}
	value = push(r, JSON_NUMBER);
	value->text = r->text;
	memcpy(r->text, begin, (size_t)(r->p - begin));
	r->text += r->p - begin;
	*r->text++ = '\0';
	return 0;
}

static int read_word(struct reader *r, const char *word, enum json_kind kind, bool truth)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
		return -EINVAL;
	r->p += len;
	push(r, kind)->truth = truth;
	return 0;
}

/* Empty, or up to the first value. */
static int open_container(struct reader *r, bool is_object)
{
	if (r->open == JSON_DEPTH_MAX)
		return -E2BIG;
	r->frames[r->open++] =
		(struct frame) {.first = r->depth, .key = r->key, .is_object = is_object};
	r->key = NULL;
	r->p++;
	return 0;
}

static bool same_key(const struct json *a, const struct json *b)
{
	return a->key_hash == b->key_hash && STREQ(a->key, b->key);
}

/* Where a member of the key of @v[i] is among those before; @i if there is none. @table has
 * @size slots, a power of two, of indices plus one. */
static size_t find_same(const struct json *v, size_t i, uint32_t *table, size_t size)
{
	size_t slot = v[i].key_hash & (size - 1);

	for (; table[slot]; slot = (slot + 1) & (size - 1))
		if (same_key(&v[table[slot] - 1], &v[i]))
			return table[slot] - 1;
	table[slot] = (uint32_t)i + 1;
	return i;
}

/* Of members of one key the last counts, in the place of the first. Returns how many are left. */
static size_t drop_repeated(struct json *v, size_t count)
{
	auto_free uint32_t *table = NULL;
	size_t size = 1, kept = 0;

	if (count > FEW_MEMBERS) {
		while (size < count * 2)
			size *= 2;
		table = mem_zero(size, sizeof(*table));
	}
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;

		v[kept] = v[i];
		if (table)
			same = find_same(v, kept, table, size);
		else
			while (same < kept && !same_key(&v[same], &v[kept]))
				same++;
		if (same < kept)
			v[same] = v[kept];
		else
			kept++;
	}
	return kept;
}

static void close_container(struct reader *r)
{
	const struct frame *frame = &r->frames[--r->open];
	struct json *values = r->stack + frame->first, *value, *children = NULL;
	size_t count = r->depth - frame->first;

	if (frame->is_object)
		count = drop_repeated(values, count);
	if (count > 0) {
		children = reserve(r->document, count);
		memcpy(children, values, count * sizeof(*children));
	}
	r->depth = frame->first;
	r->key = frame->key;
	value = push(r, frame->is_object ? JSON_OBJECT : JSON_ARRAY);
	value->children = children;
	value->count = (uint32_t)count;
	r->p++;
}

static int read_key(struct reader *r)
{
	int e;

	if (r->p == r->end || *r->p != '"')
		return -EINVAL;
	r->p++;
	e = read_string(r, &r->key);
	if (e < 0)
		return e;
	skip_space(r);
	if (r->p == r->end || *r->p != ':')
		return -EINVAL;
	r->p++;
	skip_space(r);
	return 0;
}

/* One value that is no container, or the beginning of one. */
static int read_value(struct reader *r)
{
	const char *text;
	int e;

	if (r->p == r->end)
		return -EINVAL;
	switch (*r->p) {
	case '{':
	case '[':
		return open_container(r, *r->p == '{');
	case '"':
		r->p++;
		e = read_string(r, &text);
		if (e == 0)
			push(r, JSON_STRING)->text = text;
		return e;
	case 't':
		return read_word(r, "true", JSON_BOOL, true);
	case 'f':
		return read_word(r, "false", JSON_BOOL, false);
	case 'n':
		return read_word(r, "null", JSON_NULL, false);
	default:
		return *r->p == '-' || (*r->p >= '0' && *r->p <= '9') ? read_number(r) : -EINVAL;
	}
}

/* Behind a value, or behind the beginning of a container: what has to come before the next value.
 * 1: there is one; 0: the document is at its end. */
static int advance(struct reader *r, bool behind_value)
{
	for (;; behind_value = true) {
		const struct frame *frame;

		skip_space(r);
		if (r->open == 0)
			return r->p == r->end ? 0 : -EINVAL;
		if (r->p == r->end)
			return -EINVAL;
		frame = &r->frames[r->open - 1];
		if (*r->p == (frame->is_object ? '}' : ']')) {
			close_container(r);
			continue;
		}
		if (behind_value) {
			if (*r->p != ',')
				return -EINVAL;
			r->p++;
			skip_space(r);
		}
		if (frame->is_object) {
			int e = read_key(r);

			return e < 0 ? e : 1;
		}
		return 1;
	}
}

static int read_all(struct reader *r)
{
	int e;

	skip_space(r);
	do {
		size_t open = r->open;

		e = read_value(r);
		if (e == 0)
			e = advance(r, r->open == open);
	} while (e > 0);
	/* A bare null is no document of ours. */
	return e == 0 && r->stack[0].kind == JSON_NULL ? -EINVAL : e;
}

int json_parse(const char *text, size_t len, struct json **ret, size_t *ret_offset)
{
	struct reader r = {.p = text, .end = text + len};
	int e;

	if (len >= INT_MAX)
		return -E2BIG;
	r.document = mem_alloc(sizeof(*r.document) + len + 1);
	*r.document = (struct document) {.blocks = NULL};
	r.text = r.document->text;
	e = read_all(&r);
	if (e == 0)
		r.document->root = r.stack[0];
	mem_freep(&r.stack);
	if (e < 0) {
		if (ret_offset)
			*ret_offset = (size_t)(r.p - text);
		json_free(&r.document->root);
		return e;
	}
	*ret = &r.document->root;
	return 0;
}

void json_free(struct json *root)
{
	struct document *document = (struct document *)root;

	if (!document)
		return;
	while (document->blocks) {
		struct block *block = document->blocks;

		document->blocks = block->next;
		mem_freep(&block);
	}
	mem_freep(&document);
}

void json_freep(struct json **root)
{
	json_free(*root);
	*root = NULL;
}
