/*
 * device-tool CGROUP RULE...: applies device rules to a cgroup, as kern/cgroup-device does it for a
 * container. A rule is "+" or "-" and "a", or a type, a major and a minor number: "+c 1 3".
 */
#include "kern/cgroup-device.h"

#include <stdio.h>
#include <string.h>

#define RULES_MAX 16

int main(int argc, char **argv)
{
	struct cgroup_device_rule rules[RULES_MAX] = {0};
	auto_cgroup cgroup = {0};
	size_t count = 0;
	int r;

	if (argc < 2 || argc - 2 > RULES_MAX)
		return 2;
	for (int i = 2; i < argc; i++, count++) {
		struct cgroup_device_rule *rule = &rules[count];
		long major = -1, minor = -1;

		rule->allow = argv[i][0] == '+';
		rule->type = argv[i][1];
		rule->access = CGROUP_DEVICE_ALL;
		if (rule->type != 'a' && sscanf(argv[i] + 2, "%ld %ld", &major, &minor) != 2)
			return 2;
		rule->major = major;
		rule->minor = minor;
	}
	r = cgroup_open(argv[1], &cgroup);
	if (r == 0)
		r = cgroup_create(&cgroup, NULL);
	if (r == 0)
		r = cgroup_device_apply(&cgroup, rules, count);
	if (r < 0)
		(void)fprintf(stderr, "device-tool: %s\n", strerror(-r));
	return r < 0;
}
