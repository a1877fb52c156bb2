#include "store/change.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int bad(struct error *err, const char *instruction, const char *why)
{
	return error_set(err, ERROR_INVALID, "change \"%s\": %s", instruction, why);
}

static void set_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

/* ["a", "b"]: 1. Anything else: 0, as Docker falls back to the shell form. */
static int json_form(const char *text, struct strv *ret)
{
	auto_json *json = NULL;

	if (*text != '[' || json_parse(text, strlen(text), &json, NULL) < 0 ||
	    !json_is(json, JSON_ARRAY))
		return 0;
	for (size_t i = 0; i < json_count(json); i++) {
		if (!json_string(json_at(json, i))) {
			strv_release(ret);
			return 0;
		}
		strv_add(ret, json_string(json_at(json, i)));
	}
	return 1;
}

static void set_command(struct strv *to, const char *text)
{
	auto_strv words = {0};

	if (!json_form(text, &words)) {
		strv_add(&words, "/bin/sh");
		strv_add(&words, "-c");
		strv_add(&words, text);
	}
	strv_release(to);
	*to = words;
	words = (struct strv) {0};
}

/* One word, with quotes and backslashes taken away; *@text moves behind it. -1: an open quote. */
static int take_word(const char **text, struct str *word)
{
	const char *p = *text;
	char quote = '\0';

	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (quote && *p == quote) {
			quote = '\0';
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (*p == '\\' && quote != '\'' && p[1]) {
			str_append_char(word, *++p);
		} else {
			str_append_char(word, *p);
		}
	}
	while (isspace((unsigned char)*p))
		p++;
	*text = p;
	return quote ? -1 : 0;
}

/* Replaces the item of the same key, or appends. */
static void set_pair(struct strv *list, const char *pair)
{
	size_t len = strcspn(pair, "=") + 1;

	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->v[i], pair, len) != 0)
			continue;
		free(list->v[i]);
		list->v[i] = mem_strdup(pair);
		return;
	}
	strv_add(list, pair);
}

static int set_pairs(struct strv *list, const char *text)
{
	const char *space = text + strcspn(text, " \t=");

	/* The old form: one name, then the rest of the line. */
	if (*space && *space != '=') {
		auto_free char *name = mem_strndup(text, (size_t)(space - text));
		auto_free char *pair = NULL;

		while (isspace((unsigned char)*space))
			space++;
		pair = mem_printf("%s=%s", name, space);
		set_pair(list, pair);
		return 0;
	}
	while (*text) {
		auto_str word = {0};

		if (take_word(&text, &word) < 0 || !word.data || !strchr(word.data, '=') ||
		    word.data[0] == '=')
			return -1;
		set_pair(list, word.data);
	}
	return 0;
}

static int valid_port(const char *port)
{
	size_t digits = strcspn(port, "/");
	auto_free char *number = mem_strndup(port, digits);
	uint32_t value;

	return parse_u32(number, 1, 65535, &value) == 0 &&
	       (STREQ(port + digits, "/tcp") || STREQ(port + digits, "/udp") ||
		STREQ(port + digits, "/sctp"));
}

static int add_ports(struct strv *list, const char *text)
{
	while (*text) {
		auto_str word = {0};

		if (take_word(&text, &word) < 0)
			return -1;
		if (!strchr(str_text(&word), '/'))
			str_append(&word, "/tcp");
		if (!valid_port(word.data))
			return -1;
		if (!strv_contains(list, word.data))
			strv_add(list, word.data);
	}
	return 0;
}

static int add_volumes(struct strv *list, const char *text)
{
	auto_strv words = {0};

	if (!json_form(text, &words)) {
		while (*text) {
			auto_str word = {0};

			if (take_word(&text, &word) < 0)
				return -1;
			strv_add(&words, str_text(&word));
		}
	}
	for (size_t i = 0; i < words.n; i++) {
		if (words.v[i][0] == '\0')
			return -1;
		if (!strv_contains(list, words.v[i]))
			strv_add(list, words.v[i]);
	}
	return words.n == 0 ? -1 : 0;
}

static void set_folder(char **to, const char *text)
{
	char *path;

	if (*text == '/' || !*to || !**to)
		path = *text == '/' ? mem_strdup(text) : mem_printf("/%s", text);
	else
		path = mem_printf("%s/%s", STREQ(*to, "/") ? "" : *to, text);
	free(*to);
	*to = path;
}

int change_apply(const char *instruction, struct image_config *config, struct error *err)
{
	size_t len = strcspn(instruction, " \t");
	auto_free char *verb = mem_strndup(instruction, len);
	const char *rest = instruction + len;
	int r = 0;

	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest == '\0')
		return bad(err, instruction, "it needs an argument");
	if (strcasecmp(verb, "CMD") == 0)
		set_command(&config->cmd, rest);
	else if (strcasecmp(verb, "ENTRYPOINT") == 0)
		set_command(&config->entrypoint, rest);
	else if (strcasecmp(verb, "ENV") == 0)
		r = set_pairs(&config->env, rest);
	else if (strcasecmp(verb, "LABEL") == 0)
		r = set_pairs(&config->labels, rest);
	else if (strcasecmp(verb, "EXPOSE") == 0)
		r = add_ports(&config->exposed_ports, rest);
	else if (strcasecmp(verb, "VOLUME") == 0)
		r = add_volumes(&config->volumes, rest);
	else if (strcasecmp(verb, "USER") == 0)
		set_text(&config->user, rest);
	else if (strcasecmp(verb, "WORKDIR") == 0)
		set_folder(&config->working_dir, rest);
	else if (strcasecmp(verb, "STOPSIGNAL") == 0)
		set_text(&config->stop_signal, rest);
	else
		return bad(err, instruction,
			   "it is none of CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, "
			   "WORKDIR, STOPSIGNAL");
	return r < 0 ? bad(err, instruction, "its argument cannot be understood") : 0;
}
