#include "spec/image-platform.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* uname -m beside Go's names, which images use. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{"x86_64", "amd64", ""}, {"aarch64", "arm64", "v8"}, {"armv7l", "arm", "v7"},
	{"armv6l", "arm", "v6"}, {"i686", "386", ""},	     {"ppc64le", "ppc64le", ""},
	{"s390x", "s390x", ""},	 {"riscv64", "riscv64", ""}, {"loongarch64", "loong64", ""},
};

static bool is_word(const char *text, size_t len)
{
	return len > 0 && len < IMAGE_PLATFORM_SIZE &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") >=
		       len;
}

int image_platform_parse(const char *text, struct image_platform *ret, struct error *err)
{
	struct image_platform platform = {0};
	char *const words[] = {platform.os, platform.architecture, platform.variant};
	const char *p = text;
	size_t n = 0;

	for (; n < ARRAY_SIZE(words); n++) {
		size_t len = strcspn(p, "/");

		if (!is_word(p, len))
			break;
		memcpy(words[n], p, len);
		p += len;
		if (!*p) {
			n++;
			break;
		}
		p++;
	}
	if (n < 2 || *p || (p > text && p[-1] == '/'))
		return error_set(
			err, ERROR_INVALID,
			"\"%s\" is not a platform: write os/architecture, such as linux/arm64",
			text);
	*ret = platform;
	return 0;
}

void image_platform_host(struct image_platform *ret)
{
	struct utsname uts;

	*ret = (struct image_platform) {.os = "linux", .architecture = "unknown"};
	if (uname(&uts) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		if (!STREQ(machines[i].machine, uts.machine))
			continue;
		(void)strncpy(ret->architecture, machines[i].architecture, IMAGE_PLATFORM_SIZE - 1);
		(void)strncpy(ret->variant, machines[i].variant, IMAGE_PLATFORM_SIZE - 1);
	}
}

char *image_platform_text(const struct image_platform *platform)
{
	return mem_printf("%s/%s%s%s", platform->os, platform->architecture,
			  platform->variant[0] ? "/" : "", platform->variant);
}

/* The number of a variant "v7", with what an absent one stands for; 0 if it is no such thing. */
static unsigned variant_number(const struct image_platform *platform)
{
	uint32_t number = 0;

	if (!platform->variant[0]) {
		if (STREQ(platform->architecture, "arm64"))
			return 8;
		if (STREQ(platform->architecture, "arm"))
			return 7;
		return 1;
	}
	if (platform->variant[0] != 'v' || parse_u32(platform->variant + 1, 1, 99, &number) < 0)
		return 0;
	return number;
}

/* A machine of a variant runs the lower ones of its kind; the nearest is best. */
unsigned image_platform_fit(const struct image_platform *want, const struct image_platform *have)
{
	unsigned wanted = variant_number(want), offered = variant_number(have);

	if (!STREQ(want->os, have->os) || !STREQ(want->architecture, have->architecture))
		return 0;
	if (STREQ(want->variant, have->variant))
		return 200;
	return offered <= wanted ? offered : 0;
}
