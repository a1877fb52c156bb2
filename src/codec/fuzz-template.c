/*
 * Properties: text without an action is its own result; a failure has a reason; the same template
 * over the same document gives the same result.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
	"{\"Id\":\"0123456789abcdef\",\"Names\":\"web\",\"State\":{\"Running\":true,\"Pid\":42,"
	"\"ExitCode\":-1},\"Labels\":{\"a.b\":\"c\",\"Ports\":\"x\"},\"Ports\":{\"80/tcp\":[{"
	"\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],\"81/udp\":null},\"Cmd\":[\"sh\",\"-c\","
	"\"a b\"],\"Env\":null,\"Big\":18446744073709551615,\"Half\":0.5}";

static const struct template_member types[] = {
	{"Labels", TEMPLATE_STRING_MAP},
	{"Ports", TEMPLATE_MAP},
	{"Env", TEMPLATE_LIST},
	{NULL},
};

static int render(const struct template *template, const struct template_data *root,
		  struct str *out)
{
	auto_free char *why = NULL;
	int r = template_execute(template, root, out, &why);

	if (r < 0 && !why)
		abort();
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_free char *why = NULL;
	auto_json *json = NULL;
	auto_template *template = NULL;
	auto_str first = {0}, second = {0};
	struct template_data root = {.types = types};

	if (template_parse(text, &template, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	if (json_parse(document, sizeof(document) - 1, &json, NULL) < 0)
		abort();
	root.root = json;
	root.methods = json;
	root.headings = size % 2;
	if (render(template, &root, &first) != render(template, &root, &second) ||
	    strcmp(str_text(&first), str_text(&second)) != 0)
		abort();
	if (!strstr(text, "{{") && strcmp(str_text(&first), text) != 0)
		abort();
	return 0;
}
