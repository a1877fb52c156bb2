/*
 * The functions of templates: Go's own and those of Docker's command line.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "codec/template-value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PAD_MAX 4096

static int keep_str(struct execution *execution, const struct str *text, struct value *ret)
{
	const char *kept;
	int r = execution_keep(execution, str_text(text), text->len, &kept);

	if (r == 0)
		*ret = value_string(kept);
	return r;
}

static int require_string(struct execution *execution, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		return 0;
	return execution_fail(execution, "wrong type for value; expected string; got %s",
			      value_type_name(value));
}

static int require_number(struct execution *execution, const struct value *value)
{
	if (value->kind == VALUE_NUMBER)
		return 0;
	return execution_fail(execution, "wrong type for value; expected int; got %s",
			      value_type_name(value));
}

static bool is_list(const struct value *value)
{
	return value->kind == VALUE_JSON && json_is(value->json, JSON_ARRAY);
}

/* The list that the JSON text @text describes. */
static int keep_list(struct execution *execution, const struct str *text, struct value *ret)
{
	struct document *document;
	struct json *list = NULL;
	int r = execution_charge(execution, text->len);

	if (r == 0)
		r = json_parse(str_text(text), text->len, &list, NULL);
	if (r < 0)
		return execution_fail(execution, "the list is too large");
	document = arena_new(&execution->arena, struct document);
	*document = (struct document) {list, execution->documents};
	execution->documents = document;
	*ret = (struct value) {.kind = VALUE_JSON, .type = TEMPLATE_LIST, .json = list};
	return 0;
}

static int call_not(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret)
{
	*ret = value_bool(!value_true(&arguments[0]));
	return 0;
}

static int equals(struct execution *execution, const struct value *a, const struct value *b,
		  bool *ret)
{
	int order;

	if (a->kind == VALUE_NONE || b->kind == VALUE_NONE) {
		*ret = a->kind == b->kind;
		return 0;
	}
	if (value_compare(a, b, &order) < 0)
		return execution_fail(execution, "incompatible types for comparison: %s and %s",
				      value_type_name(a), value_type_name(b));
	*ret = order == 0;
	return 0;
}

static int call_eq(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	bool equal = false;

	for (size_t i = 1; i < count && !equal; i++) {
		int r = equals(execution, &arguments[0], &arguments[i], &equal);

		if (r < 0)
			return r;
	}
	*ret = value_bool(equal);
	return 0;
}

static int call_ne(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	int r = call_eq(execution, arguments, count, ret);

	if (r == 0)
		ret->number = !ret->number;
	return r;
}

static int compare(struct execution *execution, const struct value *arguments, int *ret)
{
	if (value_compare(&arguments[0], &arguments[1], ret) < 0 || arguments[0].kind == VALUE_BOOL)
		return execution_fail(execution, "incompatible types for comparison: %s and %s",
				      value_type_name(&arguments[0]),
				      value_type_name(&arguments[1]));
	return 0;
}

static int call_lt(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	int order = 0, r = compare(execution, arguments, &order);

	*ret = value_bool(order < 0);
	return r;
}

static int call_le(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	int order = 0, r = compare(execution, arguments, &order);

	*ret = value_bool(order <= 0);
	return r;
}

static int call_gt(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	int order = 0, r = compare(execution, arguments, &order);

	*ret = value_bool(order > 0);
	return r;
}

static int call_ge(struct execution *execution, const struct value *arguments, size_t count,
		   struct value *ret)
{
	int order = 0, r = compare(execution, arguments, &order);

	*ret = value_bool(order >= 0);
	return r;
}

static int call_len(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret)
{
	const struct value *value = &arguments[0];

	if (value->kind == VALUE_STRING)
		*ret = value_number((int64_t)strlen(value->string));
	else if (value->kind == VALUE_JSON && !json_is(value->json, JSON_NUMBER))
		*ret = value_number((int64_t)(json_count(value->json) + json_size(value->json)));
	else if (value->kind == VALUE_NONE && value->type != TEMPLATE_STRUCT)
		*ret = value_number(0);
	else if (value->kind == VALUE_NONE)
		return execution_fail(execution, "len of nil pointer");
	else
		return execution_fail(execution, "len of type %s", value_type_name(value));
	return 0;
}

static int index_once(struct execution *execution, struct value *value, const struct value *key)
{
	enum template_type type = value->type;
	size_t count;

	if (value->kind == VALUE_NONE)
		return execution_fail(execution, "index of untyped nil");
	if (value->kind == VALUE_JSON && json_is(value->json, JSON_OBJECT)) {
		if (key->kind != VALUE_STRING)
			return execution_fail(execution, "value has type %s; should be string",
					      value_type_name(key));
		if (value_member(value, key->string, execution->data->types, value) < 0)
			*value = (struct value) {0};
		if (value->kind == VALUE_NONE && type == TEMPLATE_STRING_MAP)
			*value = value_string("");
		return 0;
	}
	if (!is_list(value) && value->kind != VALUE_STRING)
		return execution_fail(execution, "can't index item of type %s",
				      value_type_name(value));
	if (key->kind != VALUE_NUMBER)
		return execution_fail(execution, "cannot index slice/array with type %s",
				      value_type_name(key));
	count = is_list(value) ? json_count(value->json) : strlen(value->string);
	if (key->number < 0 || (uint64_t)key->number >= count)
		return execution_fail(execution, "index out of range: %lld",
				      (long long)key->number);
	if (is_list(value))
		*value = value_of(json_at(value->json, (size_t)key->number));
	else
		*value = value_number((unsigned char)value->string[key->number]);
	return 0;
}

static int call_index(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	struct value value = arguments[0];

	for (size_t i = 1; i < count; i++) {
		int r = index_once(execution, &value, &arguments[i]);

		if (r < 0)
			return r;
	}
	*ret = value;
	return 0;
}

static int slice_list(struct execution *execution, const struct value *list, size_t from, size_t to,
		      struct value *ret)
{
	auto_str text = {0};

	str_append_char(&text, '[');
	for (size_t i = from; i < to; i++) {
		struct value element = value_of(json_at(list->json, i));

		if (i > from)
			str_append_char(&text, ',');
		value_json(&element, &text);
	}
	str_append_char(&text, ']');
	return keep_list(execution, &text, ret);
}

static int call_slice(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	const struct value *value = &arguments[0];
	size_t len;
	int64_t from = 0, to;
	const char *kept;
	int r;

	if (!is_list(value) && value->kind != VALUE_STRING)
		return execution_fail(execution, "can't slice item of type %s",
				      value_type_name(value));
	for (size_t i = 1; i < count; i++) {
		r = require_number(execution, &arguments[i]);
		if (r < 0)
			return r;
	}
	len = is_list(value) ? json_count(value->json) : strlen(value->string);
	from = count > 1 ? arguments[1].number : 0;
	to = count > 2 ? arguments[2].number : (int64_t)len;
	if (from < 0 || to < from || (uint64_t)to > len)
		return execution_fail(execution, "index out of range: %lld",
				      (long long)(from < 0 || (uint64_t)from > len ? from : to));
	if (is_list(value))
		return slice_list(execution, value, (size_t)from, (size_t)to, ret);
	r = execution_keep(execution, value->string + from, (size_t)(to - from), &kept);
	if (r == 0)
		*ret = value_string(kept);
	return r;
}

static int call_print(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	auto_str text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && arguments[i].kind != VALUE_STRING &&
		    arguments[i - 1].kind != VALUE_STRING)
			str_append_char(&text, ' ');
		value_print(&arguments[i], execution->data->types, &text);
	}
	return keep_str(execution, &text, ret);
}

static int call_println(struct execution *execution, const struct value *arguments, size_t count,
			struct value *ret)
{
	auto_str text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_append_char(&text, ' ');
		value_print(&arguments[i], execution->data->types, &text);
	}
	str_append_char(&text, '\n');
	return keep_str(execution, &text, ret);
}

static int call_json(struct execution *execution, const struct value *arguments, size_t count,
		     struct value *ret)
{
	auto_str text = {0};

	value_json(&arguments[0], &text);
	return keep_str(execution, &text, ret);
}

/* The bytes of the UTF-8 sequence that starts at @s, 1 for a stray byte. */
static size_t sequence_length(const char *s)
{
	size_t len = 1;

	while (((unsigned char)s[len] & 0xc0) == 0x80)
		len++;
	return len;
}

static int call_split(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	const char *rest = arguments[0].string, *separator = arguments[1].string;
	auto_str text = {0};

	if (require_string(execution, &arguments[0]) < 0 ||
	    require_string(execution, &arguments[1]) < 0)
		return -EINVAL;
	str_append_char(&text, '[');
	while (rest) {
		const char *next = *separator ? strstr(rest, separator)
				   : *rest    ? rest + sequence_length(rest)
					      : NULL;
		size_t len = next ? (size_t)(next - rest) : strlen(rest);

		if (*separator || *rest) {
			if (text.len > 1)
				str_append_char(&text, ',');
			json_quote(&text, rest, len);
		}
		rest = next ? next + strlen(separator) : NULL;
	}
	str_append_char(&text, ']');
	return keep_list(execution, &text, ret);
}

static int call_join(struct execution *execution, const struct value *arguments, size_t count,
		     struct value *ret)
{
	const struct value *list = &arguments[0];
	auto_str text = {0};

	if (!is_list(list) && (list->kind != VALUE_NONE || list->type != TEMPLATE_LIST))
		return execution_fail(execution, "wrong type for value; expected []string; got %s",
				      value_type_name(list));
	if (require_string(execution, &arguments[1]) < 0)
		return -EINVAL;
	for (size_t i = 0; i < json_count(list->json); i++) {
		struct value element = value_of(json_at(list->json, i));

		if (require_string(execution, &element) < 0)
			return -EINVAL;
		if (i > 0)
			str_append(&text, arguments[1].string);
		str_append(&text, element.string);
	}
	return keep_str(execution, &text, ret);
}

enum change {
	CHANGE_LOWER,
	CHANGE_UPPER,
	CHANGE_TITLE,
};

/* ASCII only: what there is to show are names and words of our own. */
static int change_case(struct execution *execution, const struct value *value, enum change change,
		       struct value *ret)
{
	auto_str text = {0};
	char before = ' ';

	if (require_string(execution, value) < 0)
		return -EINVAL;
	for (const char *p = value->string; *p; p++) {
		char c = *p;

		if (change == CHANGE_LOWER && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (change != CHANGE_LOWER && c >= 'a' && c <= 'z' &&
			 (change == CHANGE_UPPER || before == ' ' ||
			  ispunct((unsigned char)before)))
			c = (char)(c - 'a' + 'A');
		/* To Go's Title an underscore belongs to the word. */
		before = *p == '_' ? 'x' : *p;
		str_append_char(&text, c);
	}
	return keep_str(execution, &text, ret);
}

static int call_lower(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	return change_case(execution, &arguments[0], CHANGE_LOWER, ret);
}

static int call_upper(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	return change_case(execution, &arguments[0], CHANGE_UPPER, ret);
}

static int call_title(struct execution *execution, const struct value *arguments, size_t count,
		      struct value *ret)
{
	return change_case(execution, &arguments[0], CHANGE_TITLE, ret);
}

static int call_pad(struct execution *execution, const struct value *arguments, size_t count,
		    struct value *ret)
{
	auto_str text = {0};

	if (require_string(execution, &arguments[0]) < 0 ||
	    require_number(execution, &arguments[1]) < 0 ||
	    require_number(execution, &arguments[2]) < 0)
		return -EINVAL;
	for (size_t i = 1; i < 3; i++)
		if (arguments[i].number < 0 || arguments[i].number > PAD_MAX)
			return execution_fail(execution, "pad of %lld, not within 0 and %d",
					      (long long)arguments[i].number, PAD_MAX);
	if (*arguments[0].string)
		str_append_format(&text, "%*s%s%*s", (int)arguments[1].number, "",
				  arguments[0].string, (int)arguments[2].number, "");
	return keep_str(execution, &text, ret);
}

static int call_truncate(struct execution *execution, const struct value *arguments, size_t count,
			 struct value *ret)
{
	auto_str text = {0};

	if (require_string(execution, &arguments[0]) < 0 ||
	    require_number(execution, &arguments[1]) < 0)
		return -EINVAL;
	if (arguments[1].number < 0)
		return execution_fail(execution, "truncate to %lld bytes",
				      (long long)arguments[1].number);
	str_append_mem(&text, arguments[0].string,
		       strnlen(arguments[0].string, (size_t)arguments[1].number));
	return keep_str(execution, &text, ret);
}

static const struct function functions[] = {
	{"and", 1, ARGUMENTS_ANY, NULL, false},
	{"eq", 2, ARGUMENTS_ANY, call_eq, false},
	{"ge", 2, 2, call_ge, false},
	{"gt", 2, 2, call_gt, false},
	{"index", 1, ARGUMENTS_ANY, call_index, false},
	{"join", 2, 2, call_join, true},
	{"json", 1, 1, call_json, true},
	{"le", 2, 2, call_le, false},
	{"len", 1, 1, call_len, false},
	{"lower", 1, 1, call_lower, true},
	{"lt", 2, 2, call_lt, false},
	{"ne", 2, 2, call_ne, false},
	{"not", 1, 1, call_not, false},
	{"or", 1, ARGUMENTS_ANY, NULL, false},
	{"pad", 3, 3, call_pad, true},
	{"print", 0, ARGUMENTS_ANY, call_print, false},
	{"printf", 1, ARGUMENTS_ANY, template_printf, false},
	{"println", 0, ARGUMENTS_ANY, call_println, false},
	{"slice", 1, 3, call_slice, false},
	{"split", 2, 2, call_split, true},
	{"title", 1, 1, call_title, true},
	{"truncate", 2, 2, call_truncate, true},
	{"upper", 1, 1, call_upper, true},
};

const struct function *function_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strlen(functions[i].name) == len && memcmp(functions[i].name, name, len) == 0)
			return &functions[i];
	return NULL;
}
