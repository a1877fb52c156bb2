#include "cmd/kist/kist.h"

#include <stdio.h>

int kist_engine_open(const struct invocation *invocation, struct engine *ret, struct error *err)
{
	const struct kist *kist = invocation->context;

	return engine_open(kist->dir, kist->run, ret, err);
}

void kist_say(const char *prefix, const char *text)
{
	(void)fputs(prefix, stderr);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

		if (c == 0x7f || (c < ' ' && c != '\n' && c != '\t') ||
		    (c == 0xc2 && next >= 0x80 && next < 0xa0))
			(void)fprintf(stderr, "\\%03o", c);
		else
			(void)fputc(c, stderr);
	}
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
