#include "api/docker/container-find.h"

int call_container(struct call *call, const char *name, struct engine **ret_engine,
		   struct container *ret, struct error *err)
{
	int r = call_engine(call, ret_engine, err);

	if (r < 0)
		return r;
	/* No client sends one; the record of a request might. */
	if (!name)
		return error_set(err, ERROR_INVALID, "no container specified");
	return container_find(*ret_engine, name, ret, err);
}
