/*
 * Walking the tree. Messages are those of Go's text/template.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/template-tree.h"
#include "codec/template-value.h"
#include "codec/template.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a list of nodes ended with, besides errors. */
enum flow {
	FLOW_ON,
	FLOW_BREAK,
	FLOW_CONTINUE,
};

int execution_fail(struct execution *execution, const char *fmt, ...)
{
	va_list args;

	if (execution->why)
		return -EINVAL;
	va_start(args, fmt);
	execution->why = mem_vprintf(fmt, args);
	va_end(args);
	return -EINVAL;
}

int execution_charge(struct execution *execution, size_t len)
{
	execution->memory += len;
	if (execution->memory <= TEMPLATE_OUTPUT_MAX)
		return 0;
	(void)execution_fail(execution, "more than %d bytes of strings", TEMPLATE_OUTPUT_MAX);
	return -E2BIG;
}

int execution_keep(struct execution *execution, const char *s, size_t len, const char **ret)
{
	int r = execution_charge(execution, len);

	if (r < 0)
		return r;
	*ret = arena_strndup(&execution->arena, s, len);
	return 0;
}

/* Puts the place in front of the message that is there, or of @fmt. */
static int fail_at(struct execution *execution, size_t at, size_t pos, size_t end, const char *fmt,
		   ...) PRINTF(5, 6);

static int fail_at(struct execution *execution, size_t at, size_t pos, size_t end, const char *fmt,
		   ...)
{
	const char *text = execution->template->text;
	auto_free char *message = NULL;
	size_t line = 1, start = 0;
	va_list args;

	va_start(args, fmt);
	message = mem_vprintf(fmt, args);
	va_end(args);
	for (size_t i = 0; i < at; i++)
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	free(execution->why);
	execution->why = mem_printf("template: :%zu:%zu: executing \"\" at <%.*s>: %s", line,
				    at - start, (int)(end - pos), text + pos, message);
	return -EINVAL;
}

#define OPERAND_FAIL(execution, operand, ...) \
	fail_at(execution, (operand)->at, (operand)->pos, (operand)->end, __VA_ARGS__)

static int count_step(struct execution *execution)
{
	if (++execution->steps > TEMPLATE_STEPS_MAX ||
	    execution->out->len - execution->out_start > TEMPLATE_OUTPUT_MAX) {
		(void)execution_fail(execution, "template: more work than is allowed");
		return -E2BIG;
	}
	return 0;
}

static struct variable *variable_find(struct execution *execution, const char *name)
{
	for (size_t i = execution->variable_count; i > 0; i--)
		if (STREQ(execution->variables[i - 1].name, name))
			return &execution->variables[i - 1];
	return NULL;
}

static void variable_push(struct execution *execution, const char *name, const struct value *value)
{
	/* The parser has counted them. */
	assert(execution->variable_count < VARIABLES_MAX);
	execution->variables[execution->variable_count++] = (struct variable) {name, *value};
}

static const char *nearest_member(const struct value *value, const char *name)
{
	auto_free const char **keys = NULL;
	size_t count = value_keys(value->json, &keys), best = 2 * 3;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		/* Letters that changed places are likelier than a letter too many. */
		size_t distance = 2 * MIN(str_distance(keys[i], name), (size_t)100) +
				  (strlen(keys[i]) != strlen(name));

		if (distance < best) {
			best = distance;
			nearest = keys[i];
		}
	}
	return nearest;
}

static int fail_member(struct execution *execution, const struct operand *operand,
		       const struct value *value, const char *name)
{
	const char *nearest;

	if (value->kind == VALUE_NONE)
		return OPERAND_FAIL(execution, operand, "nil data; no entry for key \"%s\"", name);
	if (value->kind != VALUE_JSON || !json_is(value->json, JSON_OBJECT))
		return OPERAND_FAIL(execution, operand, "can't evaluate field %s in type %s", name,
				    value_type_name(value));
	nearest = nearest_member(value, name);
	return OPERAND_FAIL(execution, operand, "map has no entry for key \"%s\"%s%s%s", name,
			    nearest ? "; did you mean \"" : "", nearest ? nearest : "",
			    nearest ? "\"?" : "");
}

static int evaluate_members(struct execution *execution, const struct operand *operand,
			    struct value *value)
{
	for (const struct member *member = operand->members; member; member = member->next)
		if (value_member(value, member->name, execution->data->types, value) < 0)
			return fail_member(execution, operand, value, member->name);
	return 0;
}

static int evaluate_pipeline(struct execution *execution, const struct pipeline *pipeline,
			     const struct value *dot, struct value *ret);

static int evaluate_operand(struct execution *execution, const struct operand *operand,
			    const struct value *dot, struct value *ret)
{
	int r = count_step(execution);

	if (r < 0)
		return r;
	switch (operand->kind) {
	case OPERAND_DOT:
	case OPERAND_FIELD:
		*ret = *dot;
		return evaluate_members(execution, operand, ret);
	case OPERAND_VARIABLE:
		*ret = variable_find(execution, operand->string)->value;
		return evaluate_members(execution, operand, ret);
	case OPERAND_STRING:
		*ret = value_string(operand->string);
		return 0;
	case OPERAND_NUMBER:
		*ret = value_number(operand->number);
		return 0;
	case OPERAND_BOOL:
		*ret = value_bool(operand->number != 0);
		return 0;
	case OPERAND_NIL:
		*ret = (struct value) {0};
		return 0;
	case OPERAND_PIPELINE:
		r = evaluate_pipeline(execution, operand->pipeline, dot, ret);
		return r < 0 ? r : evaluate_members(execution, operand, ret);
	case OPERAND_FUNCTION:
		break;
	}
	return OPERAND_FAIL(execution, operand, "%s needs arguments: put it into parentheses",
			    operand->string);
}

/* and, or: the value that decides. */
static int evaluate_logic(struct execution *execution, const struct stage *stage,
			  const struct value *dot, const struct value *piped, struct value *ret)
{
	bool stop_on = STREQ(stage->operands->function->name, "or");
	struct value value = {0};

	for (const struct operand *o = stage->operands->next; o; o = o->next) {
		int r = evaluate_operand(execution, o, dot, &value);

		if (r < 0)
			return r;
		if (value_true(&value) == stop_on) {
			*ret = value;
			return 0;
		}
	}
	*ret = piped ? *piped : value;
	return 0;
}

/* In a heading {{upper .Name}} is headed like {{.Name}}. */
static bool keep_heading(const struct execution *execution, const struct function *function,
			 const struct value *arguments, size_t count, struct value *ret)
{
	if (!execution->data->headings || !function->keeps_headings)
		return false;
	for (size_t i = 0; i < count; i++)
		if (arguments[i].kind == VALUE_STRING) {
			*ret = arguments[i];
			return true;
		}
	return false;
}

static int evaluate_call(struct execution *execution, const struct stage *stage,
			 const struct value *dot, const struct value *piped, struct value *ret)
{
	const struct function *function = stage->operands->function;
	struct value arguments[ARGUMENTS_MAX + 1] = {0};
	size_t count = stage->operand_count - 1 + (piped ? 1 : 0), i = 0;
	auto_free char *why = NULL;
	int r;

	if (count < function->arguments_min || count > function->arguments_max)
		return fail_at(execution, stage->pos, stage->pos, stage->operands->end,
			       "wrong number of args for %s: want %s%zu got %zu", function->name,
			       function->arguments_max == ARGUMENTS_ANY ? "at least " : "",
			       function->arguments_min, count);
	if (!function->call)
		return evaluate_logic(execution, stage, dot, piped, ret);
	for (const struct operand *o = stage->operands->next; o; o = o->next, i++) {
		r = evaluate_operand(execution, o, dot, &arguments[i]);
		if (r < 0)
			return r;
	}
	if (piped)
		arguments[i] = *piped;
	if (keep_heading(execution, function, arguments, count, ret))
		return 0;
	r = function->call(execution, arguments, count, ret);
	if (r == 0)
		return 0;
	why = TAKE_PTR(execution->why);
	(void)fail_at(execution, stage->pos, stage->pos, stage->end, "error calling %s: %s",
		      function->name, why ? why : "failed");
	return r;
}

/* {{.Label "key"}}: a member of the root that takes an argument. */
static int evaluate_method(struct execution *execution, const struct stage *stage,
			   const struct value *dot, struct value *ret)
{
	const struct operand *operand = stage->operands;
	const char *name = operand->members->name;
	const struct json *table = json_get(execution->data->methods, name);
	struct value argument = {0};
	const char *last, *text;
	int r;

	if (operand->members->next || stage->operand_count != 2 ||
	    dot->json != execution->data->root || (!table && !execution->data->headings))
		return OPERAND_FAIL(execution, operand, "%s is not a method but has arguments",
				    name);
	r = evaluate_operand(execution, operand->next, dot, &argument);
	if (r < 0)
		return r;
	if (argument.kind != VALUE_STRING)
		return OPERAND_FAIL(execution, operand->next,
				    "wrong type for value; expected string; got %s",
				    value_type_name(&argument));
	last = strrchr(argument.string, '.');
	text = execution->data->headings ? (last ? last + 1 : argument.string)
					 : json_get_string(table, argument.string);
	*ret = value_string(text ? text : "");
	return 0;
}

static int evaluate_stage(struct execution *execution, const struct stage *stage,
			  const struct value *dot, const struct value *piped, struct value *ret)
{
	const struct operand *first = stage->operands;

	if (first->kind == OPERAND_FUNCTION && !first->members)
		return evaluate_call(execution, stage, dot, piped, ret);
	if (stage->operand_count == 1 && !piped)
		return evaluate_operand(execution, first, dot, ret);
	if (first->kind == OPERAND_FIELD && !piped)
		return evaluate_method(execution, stage, dot, ret);
	return OPERAND_FAIL(execution, first, "can't give argument to non-function %.*s",
			    (int)(first->end - first->pos), execution->template->text + first->pos);
}

static int evaluate_pipeline(struct execution *execution, const struct pipeline *pipeline,
			     const struct value *dot, struct value *ret)
{
	struct value value = {0}, piped;
	int r;

	for (const struct stage *stage = pipeline->stages; stage; stage = stage->next) {
		piped = value;
		r = evaluate_stage(execution, stage, dot, stage == pipeline->stages ? NULL : &piped,
				   &value);
		if (r < 0)
			return r;
	}
	/* With two variables, range sets them itself. */
	for (size_t i = 0; i < pipeline->variable_count; i++) {
		if (pipeline->assign)
			variable_find(execution, pipeline->variables[i])->value = value;
		else
			variable_push(execution, pipeline->variables[i], &value);
	}
	*ret = value;
	return 0;
}

static int execute_list(struct execution *execution, const struct node *node,
			const struct value *dot, enum flow *flow);

static int execute_branch(struct execution *execution, const struct node *node,
			  const struct value *dot, enum flow *flow)
{
	size_t variables = execution->variable_count;
	struct value value;
	int r = evaluate_pipeline(execution, node->pipeline, dot, &value);

	if (r == 0 && value_true(&value))
		r = execute_list(execution, node->body, node->kind == NODE_WITH ? &value : dot,
				 flow);
	else if (r == 0)
		r = execute_list(execution, node->otherwise, dot, flow);
	execution->variable_count = variables;
	return r;
}

/* One turn of a range. */
static int execute_turn(struct execution *execution, const struct node *node,
			const struct value *key, const struct value *element, enum flow *flow)
{
	const struct pipeline *pipeline = node->pipeline;
	size_t variables = execution->variable_count;
	int r;

	if (pipeline->variable_count == 2)
		variable_find(execution, pipeline->variables[0])->value = *key;
	if (pipeline->variable_count > 0)
		variable_find(execution, pipeline->variables[pipeline->variable_count - 1])->value =
			*element;
	*flow = FLOW_ON;
	r = count_step(execution);
	if (r == 0)
		r = execute_list(execution, node->body, element, flow);
	execution->variable_count = variables;
	return r;
}

static int range_list(struct execution *execution, const struct node *node, const struct json *list,
		      enum flow *flow)
{
	int r = 0;

	for (size_t i = 0; r == 0 && *flow != FLOW_BREAK && i < json_count(list); i++) {
		struct value key = value_number((int64_t)i), element = value_of(json_at(list, i));

		r = execute_turn(execution, node, &key, &element, flow);
	}
	return r;
}

static int range_map(struct execution *execution, const struct node *node, const struct value *map,
		     enum flow *flow)
{
	auto_free const char **keys = NULL;
	size_t count = value_keys(map->json, &keys);
	int r = 0;

	for (size_t i = 0; r == 0 && *flow != FLOW_BREAK && i < count; i++) {
		struct value key = value_string(keys[i]), element;

		(void)value_member(map, keys[i], execution->data->types, &element);
		r = execute_turn(execution, node, &key, &element, flow);
	}
	return r;
}

static int execute_range(struct execution *execution, const struct node *node,
			 const struct value *dot, enum flow *outer)
{
	size_t variables = execution->variable_count;
	const struct pipeline *pipeline = node->pipeline;
	enum flow flow = FLOW_ON;
	struct value value;
	int r = evaluate_pipeline(execution, pipeline, dot, &value);

	if (r < 0)
		return r;
	if (value.kind != VALUE_NONE &&
	    (value.kind != VALUE_JSON || json_is(value.json, JSON_NUMBER)))
		return fail_at(execution, pipeline->pos, pipeline->pos, pipeline->end,
			       "range can't iterate over a %s", value_type_name(&value));
	if (json_count(value.json) == 0 && json_size(value.json) == 0)
		r = execute_list(execution, node->otherwise, dot, outer);
	else if (json_is(value.json, JSON_ARRAY))
		r = range_list(execution, node, value.json, &flow);
	else
		r = range_map(execution, node, &value, &flow);
	execution->variable_count = variables;
	return r;
}

static int execute_action(struct execution *execution, const struct node *node,
			  const struct value *dot)
{
	struct value value;
	int r = evaluate_pipeline(execution, node->pipeline, dot, &value);

	if (r == 0 && node->pipeline->variable_count == 0)
		value_print(&value, execution->data->types, execution->out);
	return r;
}

static int execute_node(struct execution *execution, const struct node *node,
			const struct value *dot, enum flow *flow)
{
	switch (node->kind) {
	case NODE_TEXT:
		str_append_mem(execution->out, execution->template->text + node->pos,
			       node->end - node->pos);
		return 0;
	case NODE_ACTION:
		return execute_action(execution, node, dot);
	case NODE_IF:
	case NODE_WITH:
		return execute_branch(execution, node, dot, flow);
	case NODE_RANGE:
		return execute_range(execution, node, dot, flow);
	case NODE_BREAK:
		*flow = FLOW_BREAK;
		return 0;
	case NODE_CONTINUE:
		*flow = FLOW_CONTINUE;
		return 0;
	}
	return 0;
}

static int execute_list(struct execution *execution, const struct node *node,
			const struct value *dot, enum flow *flow)
{
	for (; node && *flow == FLOW_ON; node = node->next) {
		int r = count_step(execution);

		if (r == 0)
			r = execute_node(execution, node, dot, flow);
		if (r < 0)
			return r;
	}
	return 0;
}

int template_execute(const struct template *template, const struct template_data *data,
		     struct str *out, char **ret_why)
{
	struct execution execution = {
		.template = template,
		.data = data,
		.out = out,
		.out_start = out->len,
	};
	struct value root = value_of(data->root);
	enum flow flow = FLOW_ON;
	int r;

	variable_push(&execution, "$", &root);
	r = execute_list(&execution, template->nodes, &root, &flow);
	for (struct document *document = execution.documents; document; document = document->next)
		json_free(document->json);
	arena_release(&execution.arena);
	if (r < 0)
		*ret_why = TAKE_PTR(execution.why);
	return r;
}
