#include "api/operation.h"

const struct tagged_field operation_call_record[] = {
	{TAGGED_ROW_UNSIGNED(1, struct operation_call, number, UINT32_MAX)},
	{TAGGED_ROW_UNSIGNED(2, struct operation_call, version, UINT32_MAX)},
	{TAGGED_ROW_BOOL(3, struct operation_call, head)},
	{TAGGED_ROW_BOOL(4, struct operation_call, http10)},
	{TAGGED_ROW_BOOL(5, struct operation_call, upgrade)},
	{TAGGED_ROW_BOOL(6, struct operation_call, keep_alive)},
	{TAGGED_ROW_UNSIGNED(7, struct operation_call, framing, HTTP1_CHUNKED)},
	{TAGGED_ROW_UNSIGNED(8, struct operation_call, body_length, INT64_MAX)},
	{TAGGED_ROW_BYTES(9, struct operation_call, early, OPERATION_EARLY_MAX)},
	{TAGGED_ROW_BYTES(10, struct operation_call, values, TAGGED_MAX)},
	{0},
};

void operation_call_release(struct operation_call *call)
{
	tagged_release(operation_call_record, call);
}
