#include "codec/domain.h"

#include <libpsl.h>
#include <string.h>

static bool is_address(const char *name)
{
	/* Our host names end with a label that is a number only if they are addresses (codec/url).
	 */
	return strchr(name, ':') || strspn(name, "0123456789.") == strlen(name);
}

bool domain_same_owner(const char *a, const char *b)
{
	const psl_ctx_t *list = psl_builtin();
	const char *owner_a, *owner_b;

	if (STREQ(a, b))
		return true;
	if (!list || is_address(a) || is_address(b))
		return false;
	owner_a = psl_registrable_domain(list, a);
	owner_b = psl_registrable_domain(list, b);
	return owner_a && owner_b && STREQ(owner_a, owner_b);
}
