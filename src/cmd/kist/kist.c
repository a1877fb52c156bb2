#include "cmd/kist/kist.h"

#include <stdio.h>

int kist_engine_open(const struct invocation *invocation, struct engine *ret, struct error *err)
{
	const struct kist *kist = invocation->context;

	return engine_open(kist->dir, kist->run, ret, err);
}

/* How many bytes at @text are a control character: ASCII's, or Unicode's C1 as UTF-8. */
static size_t control_length(const char *text)
{
	unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];

	if (c == 0xc2 && next >= 0x80 && next < 0xa0)
		return 2;
	return c == 0x7f || (c < ' ' && c != '\n' && c != '\t');
}

static void print_to(FILE *file, const char *text)
{
	while (*text) {
		size_t n = control_length(text);

		if (n == 0)
			(void)fputc(*text++, file);
		for (; n > 0; n--)
			(void)fprintf(file, "\\%03o", (unsigned char)*text++);
	}
}

void kist_print(const char *text)
{
	print_to(stdout, text);
}

void kist_say(const char *prefix, const char *text)
{
	(void)fputs(prefix, stderr);
	print_to(stderr, text);
	(void)fputc('\n', stderr);
}

static void say(const struct error *err)
{
	(void)fflush(stdout);
	kist_say("Error: ", err->message ? err->message : "unknown failure");
}

int kist_fail(const struct error *err)
{
	say(err);
	return KIST_FAILED;
}

int kist_misuse(const struct error *err)
{
	say(err);
	return KIST_MISUSE;
}

const char *kist_architecture(const char *machine)
{
	if (STREQ(machine, "x86_64"))
		return "amd64";
	return STREQ(machine, "aarch64") ? "arm64" : machine;
}
