#include "registry/credentials.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/base64.h"
#include "codec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX (1u << 20)
#define HUB	   "docker.io"

/* Docker wrote keys as host names, and as URLs in its first years (for its Hub until today). */
static bool key_matches(const char *key, const char *domain)
{
	const char *host = key;
	size_t len;

	if (str_starts(host, "https://"))
		host += strlen("https://");
	else if (str_starts(host, "http://"))
		host += strlen("http://");
	len = strcspn(host, "/");
	if (STREQ(domain, HUB) && len == strlen("index.docker.io") &&
	    strncmp(host, "index.docker.io", len) == 0)
		return true;
	return strlen(domain) == len && strncmp(host, domain, len) == 0;
}

struct search {
	const char *domain;
	const struct json *found;
};

static int look_at(const char *key, struct json *value, void *arg)
{
	struct search *search = arg;

	if (!key_matches(key, search->domain))
		return 0;
	search->found = value;
	return 1;
}

static const struct json *member_for(const struct json *object, const char *domain)
{
	struct search search = {.domain = domain};

	(void)json_each(object, look_at, &search);
	return search.found;
}

/* "auth" is base64 of "user:password". */
static int read_auth(const char *auth, struct credentials *credentials, struct error *err)
{
	auto_free char *text = NULL;
	char *colon;
	size_t len;

	if (base64_decode(auth, &text, &len) < 0 || strlen(text) != len)
		return error_set(err, ERROR_INVALID,
				 "\"auth\" is not base64 of a name and password");
	colon = strchr(text, ':');
	if (!colon)
		return error_set(err, ERROR_INVALID, "\"auth\" has no colon in it");
	*colon = '\0';
	credentials->kind = CREDENTIALS_PASSWORD;
	credentials->username = mem_strdup(text);
	credentials->secret = mem_strdup(colon + 1);
	return 0;
}

static int read_entry(const struct json *entry, struct credentials *credentials, struct error *err)
{
	const char *token = json_get_string(entry, "identitytoken");
	const char *auth = json_get_string(entry, "auth");
	const char *username = json_get_string(entry, "username");
	const char *password = json_get_string(entry, "password");

	if (token && *token) {
		credentials->kind = CREDENTIALS_TOKEN;
		credentials->secret = mem_strdup(token);
		return 0;
	}
	if (auth && *auth)
		return read_auth(auth, credentials, err);
	if (username && *username && password) {
		credentials->kind = CREDENTIALS_PASSWORD;
		credentials->username = mem_strdup(username);
		credentials->secret = mem_strdup(password);
	}
	return 0;
}

int credentials_parse(const char *text, size_t len, const char *domain, struct credentials *ret,
		      struct error *err)
{
	auto_credentials credentials = {0};
	auto_json *json = NULL;
	const char *helper;
	int r;

	if (json_parse(text, len, &json, NULL) < 0 || !json_is(json, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "it is not a JSON object");
	r = read_entry(member_for(json_get(json, "auths"), domain), &credentials, err);
	if (r < 0)
		return r;
	helper = json_string(member_for(json_get(json, "credHelpers"), domain));
	if (!helper)
		helper = json_get_string(json, "credsStore");
	if (credentials.kind == CREDENTIALS_NONE)
		credentials.helper = mem_strdup(helper);
	*ret = credentials;
	credentials = (struct credentials) {0};
	return 0;
}

static char *config_path(void)
{
	const char *folder = secure_getenv("DOCKER_CONFIG");
	const char *home = secure_getenv("HOME");

	if (folder && *folder)
		return mem_printf("%s/config.json", folder);
	if (home && *home)
		return mem_printf("%s/.docker/config.json", home);
	return NULL;
}

int credentials_find(const char *domain, struct credentials *ret, struct error *err)
{
	auto_free char *path = config_path();
	auto_free char *text = NULL;
	auto_fd int fd = -EBADF;
	size_t len;
	int r;

	if (path)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (!path || (fd < 0 && (errno == ENOENT || errno == ENOTDIR))) {
		*ret = (struct credentials) {0};
		return 0;
	}
	if (fd < 0)
		return error_errno(err, errno, "read credentials from %s", path);
	r = fd_read_all(fd, CONFIG_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read credentials from %s", path);
	r = credentials_parse(text, len, domain, ret, err);
	explicit_bzero(text, len);
	if (r < 0)
		return error_prefix(err, "read credentials from %s", path);
	return 0;
}

static void wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	mem_freep(secret);
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
	*to = (struct credentials) {
		.kind = from->kind,
		.username = mem_strdup(from->username),
		.secret = mem_strdup(from->secret),
		.helper = mem_strdup(from->helper),
	};
}

void credentials_release(struct credentials *credentials)
{
	mem_freep(&credentials->username);
	mem_freep(&credentials->helper);
	wipe(&credentials->secret);
	*credentials = (struct credentials) {0};
}
