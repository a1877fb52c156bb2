#include "api/docker/image-decode.h"

#include "api/docker/body.h"
#include "api/docker/image-request.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/base64.h"

#include <stdlib.h>
#include <string.h>

int decode_image(const struct request *request, void *values, struct error *err)
{
	struct image_request *wanted = values;

	(void)err;
	wanted->name = mem_strdup(request->arguments[0]);
	return 0;
}

int decode_image_list(const struct request *request, void *values, struct error *err)
{
	struct image_list_request *wanted = values;

	return request_filters(request, &wanted->filters, err);
}

/* ---- credentials ---- */

struct auth_config {
	char *username, *password, *auth, *identity_token, *registry_token;
};

#define AT(member) offsetof(struct auth_config, member)

static const struct body_member auth_members[] = {
	{"username", body_text, AT(username)},
	{"password", body_text, AT(password)},
	{"auth", body_text, AT(auth)},
	{"identitytoken", body_text, AT(identity_token)},
	{"registrytoken", body_text, AT(registry_token)},
	{NULL},
};

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void auth_config_release(struct auth_config *config)
{
	free(config->username);
	wipe(config->password);
	wipe(config->auth);
	wipe(config->identity_token);
	wipe(config->registry_token);
}

/* "username:password" in base64. */
static int split_auth(struct auth_config *config)
{
	auto_free char *text = NULL;
	char *colon;
	size_t len;

	if (base64_decode(config->auth, &text, &len) < 0 || strlen(text) != len)
		return -1;
	colon = strchr(text, ':');
	if (!colon)
		return -1;
	*colon = '\0';
	config->username = mem_strdup(text);
	config->password = mem_strdup(colon + 1);
	explicit_bzero(text, len);
	return 0;
}

static int read_auth(const char *text, size_t len, struct auth_config *config, struct error *err)
{
	auto_json *root = NULL;
	int r;

	if (json_parse(text, len, &root, NULL) < 0 || !json_is(root, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "invalid X-Registry-Auth header: no JSON");
	r = body_read(root, auth_members, config, err);
	if (r == 0 && config->auth && !config->username && split_auth(config) < 0)
		r = error_set(err, ERROR_INVALID, "auth: must be name and password in base64");
	if (r < 0)
		return error_prefix(err, "invalid X-Registry-Auth header");
	if (config->registry_token)
		return error_set(err, ERROR_UNSUPPORTED,
				 "registry tokens are not supported: log in with a password or an "
				 "identity token");
	return 0;
}

int decode_credentials(const char *header, char **ret_username, char **ret_secret,
		       struct error *err)
{
	CLEANUP(auth_config_release) struct auth_config config = {0};
	auto_free char *plain = mem_strdup(header), *text = NULL;
	size_t len;
	int r;

	if (!header || !*header)
		return 0;
	for (char *p = plain; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	if (base64_decode(plain, &text, &len) < 0)
		return error_set(err, ERROR_INVALID, "invalid X-Registry-Auth header: no base64");
	r = read_auth(text, len, &config, err);
	explicit_bzero(text, len);
	explicit_bzero(plain, strlen(plain));
	if (r < 0)
		return r;
	if (config.identity_token) {
		*ret_secret = TAKE_PTR(config.identity_token);
	} else if (config.username) {
		*ret_username = TAKE_PTR(config.username);
		*ret_secret = config.password ? TAKE_PTR(config.password) : mem_strdup("");
	}
	return 0;
}

/* ---- pull, import, tag, remove ---- */

/* "name", "name:tag" or "name@digest" of a name and what Docker calls a tag. */
static char *join_name(const char *name, const char *tag)
{
	if (!tag || !*tag)
		return mem_strdup(name);
	return mem_printf("%s%c%s", name, strchr(tag, ':') ? '@' : ':', tag);
}

static int decode_import(const struct request *request, const char *source,
			 struct image_create_request *wanted, struct error *err)
{
	const char *name = request_query(request, "repo");

	if (!STREQ(source, "-"))
		return error_set(err, ERROR_UNSUPPORTED,
				 "import %s: only what the client sends is imported (fromSrc=-)",
				 source);
	wanted->import = true;
	if (name && *name)
		wanted->name = join_name(name, request_query(request, "tag"));
	wanted->message = request_query_copy(request, "message");
	for (size_t i = 0; i < request->target.parameter_count; i++)
		if (STREQ(request->target.parameters[i].name, "changes"))
			strv_add(&wanted->changes, request->target.parameters[i].value);
	return 0;
}

int decode_image_create(const struct request *request, void *values, struct error *err)
{
	const char *source = request_query(request, "fromSrc");
	const char *name = request_query(request, "fromImage");
	struct image_create_request *wanted = values;

	wanted->platform = request_query_copy(request, "platform");
	if (source && *source)
		return decode_import(request, source, wanted, err);
	if (!name || !*name)
		return error_set(err, ERROR_INVALID,
				 "no image specified: give fromImage or fromSrc");
	wanted->name = join_name(name, request_query(request, "tag"));
	return decode_credentials(http1_request_header(request->http, "x-registry-auth"),
				  &wanted->username, &wanted->secret, err);
}

int decode_image_tag(const struct request *request, void *values, struct error *err)
{
	const char *name = request_query(request, "repo");
	struct image_tag_request *wanted = values;

	if (!name || !*name)
		return error_set(err, ERROR_INVALID, "invalid reference format: repo is empty");
	wanted->name = mem_strdup(request->arguments[0]);
	wanted->target = join_name(name, request_query(request, "tag"));
	return 0;
}

int decode_image_remove(const struct request *request, void *values, struct error *err)
{
	struct image_remove_request *wanted = values;

	(void)err;
	wanted->name = mem_strdup(request->arguments[0]);
	wanted->force = request_query_bool(request, "force", false);
	return 0;
}
