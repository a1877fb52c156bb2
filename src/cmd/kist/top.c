/*
 * kist top: the processes of a container.
 */
#include "engine/container/top.h"
#include "base/mem.h"
#include "cmd/kist/kist.h"

#include <stdio.h>
#include <string.h>

/* Docker's columns: at least so wide, and so far apart. */
#define WIDTH_MIN 20
#define GAP	  3

static void print_row(const struct strv *row, const size_t *widths)
{
	for (size_t i = 0; i < row->n; i++) {
		size_t pad = i + 1 < row->n ? widths[i] - strlen(row->v[i]) : 0;

		kist_print(row->v[i]);
		(void)printf("%*s", (int)pad, "");
	}
	(void)putchar('\n');
}

static void measure(const struct strv *row, size_t *widths)
{
	for (size_t i = 0; i < row->n; i++)
		widths[i] = MAX(widths[i], strlen(row->v[i]) + GAP);
}

static void print(const struct top *top)
{
	auto_free size_t *widths = mem_zero(top->titles.n + 1, sizeof(*widths));

	for (size_t i = 0; i < top->titles.n; i++)
		widths[i] = WIDTH_MIN;
	measure(&top->titles, widths);
	for (size_t i = 0; i < top->count; i++)
		measure(&top->rows[i], widths);
	print_row(&top->titles, widths);
	for (size_t i = 0; i < top->count; i++)
		print_row(&top->rows[i], widths);
}

static int run(const struct invocation *invocation, void *values)
{
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_strv arguments = {0};
	auto_error err = {0};
	auto_top top = {0};
	int r;

	(void)values;
	for (size_t i = 1; i < invocation->operand_count; i++)
		strv_add(&arguments, invocation->operands[i]);
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_find(&engine, invocation->operands[0], &container, &err);
	if (r == 0)
		r = container_top(&engine, &container, &arguments, &top, &err);
	if (r < 0)
		return kist_fail(&err);
	print(&top);
	return 0;
}

const struct command command_top = {
	.name = "top",
	.usage = "CONTAINER [ps OPTIONS]",
	.summary = "Display the running processes of a container",
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.flags = COMMAND_STOP_AT_OPERAND,
	.run = run,
};
