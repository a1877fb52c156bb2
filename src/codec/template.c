#include "codec/template.h"

#include "codec/template-tree.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = mem_zero(1, sizeof(*chunk) + size);

	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk->data;
}

char *arena_strndup(struct arena *arena, const char *s, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, s, len);
	return copy;
}

void arena_release(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
}

int template_parse(const char *text, struct template **ret, char **ret_why)
{
	auto_template *template = NULL;
	int r;

	if (strlen(text) > TEMPLATE_TEXT_MAX) {
		*ret_why = mem_printf("template: longer than %d bytes", TEMPLATE_TEXT_MAX);
		return -E2BIG;
	}
	template = mem_new(struct template);
	template->text = mem_strdup(text);
	r = template_parse_tree(template, ret_why);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(template);
	return 0;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	arena_release(&template->arena);
	free(template->text);
	free(template);
}

void template_freep(struct template **template)
{
	template_free(*template);
	*template = NULL;
}
