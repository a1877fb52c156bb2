#include "store/reference.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/digest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_DOMAIN "docker.io"
#define OLD_DOMAIN     "index.docker.io"
#define OFFICIAL       "library/"
#define DEFAULT_TAG    "latest"

#define NAME_MAX_LEN   255 /* of domain and repository together */
#define TAG_MAX_LEN    128
#define FILE_MAX_LEN   240 /* of the name below images/refs: leaves room for a temporary one */

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* separator := "." | "_" | "__" | one or more "-". Its length, or 0. */
static size_t separator(const char *s, size_t len)
{
	size_t n = 0;

	if (s[0] == '.')
		return 1;
	if (s[0] == '_')
		return len > 1 && s[1] == '_' ? 2 : 1;
	while (n < len && s[n] == '-')
		n++;
	return n;
}

/* path-component := [a-z0-9]+ (separator [a-z0-9]+)* */
static bool valid_component(const char *s, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t start = i, gap;

		while (i < len && is_lower_alnum(s[i]))
			i++;
		if (i == start)
			return false;
		if (i == len)
			return true;
		gap = separator(s + i, len - i);
		if (gap == 0)
			return false;
		i += gap;
	}
}

static bool valid_repository(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, "/");

		if (!valid_component(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

/* domain-component := [A-Za-z0-9] | [A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9], joined by dots. */
static bool valid_host(const char *s, size_t len)
{
	size_t start = 0;

	if (len >= 4 && s[0] == '[' && s[len - 1] == ']') {
		for (size_t i = 1; i < len - 1; i++)
			if (!isxdigit((unsigned char)s[i]) && s[i] != ':')
				return false;
		return true;
	}
	for (size_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '.') {
			if (!is_alnum(s[i]) && s[i] != '-')
				return false;
			continue;
		}
		if (i == start || s[start] == '-' || s[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return true;
}

static bool valid_domain(const char *s)
{
	size_t len = strlen(s);
	const char *colon = strrchr(s, ':');

	if (colon && !memchr(colon, ']', strlen(colon))) {
		if (colon[1] == '\0')
			return false;
		for (const char *p = colon + 1; *p; p++)
			if (*p < '0' || *p > '9')
				return false;
		len = (size_t)(colon - s);
	}
	return len > 0 && valid_host(s, len);
}

/* tag := [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
static bool valid_tag(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > TAG_MAX_LEN || s[0] == '.' || s[0] == '-')
		return false;
	for (; *s; s++)
		if (!is_alnum(*s) && *s != '_' && *s != '.' && *s != '-')
			return false;
	return true;
}

static int invalid(struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid reference format");
}

/* The part before the first slash is a registry only if it looks like one (Docker's rule). */
static bool begins_with_registry(const char *name)
{
	size_t len = strcspn(name, "/");

	if (name[len] == '\0')
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '.' || name[i] == ':' || isupper((unsigned char)name[i]))
			return true;
	return len == strlen("localhost") && str_starts(name, "localhost");
}

static void split_domain(const char *name, struct reference *ret)
{
	const char *slash = strchr(name, '/');

	if (slash && begins_with_registry(name)) {
		ret->domain = mem_strndup(name, (size_t)(slash - name));
		ret->repository = mem_strdup(slash + 1);
	} else {
		ret->domain = mem_strdup(DEFAULT_DOMAIN);
		ret->repository = mem_strdup(name);
	}
	if (STREQ(ret->domain, OLD_DOMAIN)) {
		free(ret->domain);
		ret->domain = mem_strdup(DEFAULT_DOMAIN);
	}
	if (STREQ(ret->domain, DEFAULT_DOMAIN) && !strchr(ret->repository, '/')) {
		char *official = mem_printf(OFFICIAL "%s", ret->repository);

		free(ret->repository);
		ret->repository = official;
	}
}

static int check(const struct reference *ref, struct error *err)
{
	auto_free char *file = NULL;

	if (!valid_domain(ref->domain))
		return invalid(err);
	if (!valid_repository(ref->repository)) {
		for (const char *p = ref->repository; *p; p++)
			if (isupper((unsigned char)*p))
				return error_set(err, ERROR_INVALID,
						 "invalid reference format: repository name (%s) "
						 "must be lowercase",
						 ref->repository);
		return invalid(err);
	}
	if (strlen(ref->domain) + 1 + strlen(ref->repository) > NAME_MAX_LEN)
		return error_set(err, ERROR_INVALID,
				 "invalid reference format: repository name must not be more than "
				 "%d characters",
				 NAME_MAX_LEN);
	file = reference_escape(ref);
	if (strlen(file) > FILE_MAX_LEN)
		return error_set(err, ERROR_INVALID,
				 "invalid reference format: with its tag it is longer than %d "
				 "characters",
				 FILE_MAX_LEN);
	return 0;
}

int reference_parse(const char *text, struct reference *ret, struct error *err)
{
	auto_free char *name = mem_strdup(text);
	auto_reference ref = {0};
	char *at, *colon, *slash;
	int r;

	if (parse_is_hex(text, DIGEST_HEX))
		return error_set(err, ERROR_INVALID,
				 "invalid repository name (%s), cannot specify 64-byte hexadecimal "
				 "strings",
				 text);
	at = strchr(name, '@');
	if (at) {
		*at = '\0';
		if (!digest_valid(at + 1))
			return invalid(err);
		ref.digest = mem_strdup(at + 1);
	}
	slash = strrchr(name, '/');
	colon = strchr(slash ? slash : name, ':');
	if (colon) {
		*colon = '\0';
		if (!valid_tag(colon + 1))
			return invalid(err);
		ref.tag = mem_strdup(colon + 1);
	}
	split_domain(name, &ref);
	if (!ref.tag && !ref.digest)
		ref.tag = mem_strdup(DEFAULT_TAG);
	r = check(&ref, err);
	if (r < 0)
		return r;
	*ret = ref;
	ref = (struct reference) {0};
	return 0;
}

static char *join(const char *domain, const char *repository, const struct reference *ref)
{
	auto_str text = {0};

	if (domain)
		str_append_format(&text, "%s/", domain);
	str_append(&text, repository);
	if (ref->tag)
		str_append_format(&text, ":%s", ref->tag);
	if (ref->digest)
		str_append_format(&text, "@%s", ref->digest);
	return str_take(&text);
}

char *reference_full(const struct reference *ref)
{
	return join(ref->domain, ref->repository, ref);
}

char *reference_familiar(const struct reference *ref)
{
	const char *repository = ref->repository;

	/* A repository of Docker's whose name looks like a registry would be read as one. */
	if (!STREQ(ref->domain, DEFAULT_DOMAIN) || begins_with_registry(repository))
		return reference_full(ref);
	if (str_starts(repository, OFFICIAL) && !strchr(repository + strlen(OFFICIAL), '/'))
		repository += strlen(OFFICIAL);
	return join(NULL, repository, ref);
}

/* No reference contains a plus sign, so it can stand for the slash. */
char *reference_escape(const struct reference *ref)
{
	char *text = reference_full(ref);

	for (char *p = text; *p; p++)
		if (*p == '/')
			*p = '+';
	return text;
}

void reference_release(struct reference *ref)
{
	free(ref->domain);
	free(ref->repository);
	free(ref->tag);
	free(ref->digest);
	*ref = (struct reference) {0};
}
