#include "spec/defaults.h"

#include "spec/capability.h"

#include <stdbool.h>

const char *const defaults_masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	NULL,
};

const char *const defaults_readonly_paths[] = {
	"/proc/bus", "/proc/dynamic_debug", /* ours: Docker lets root in a container steer the
					       kernel's log */
	"/proc/fs",  "/proc/irq",	    "/proc/sys", "/proc/sysrq-trigger", NULL,
};

const struct defaults_mount defaults_mounts[] = {
	{"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts",
	 "devpts",
	 "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	{"/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid", "noexec", "nodev"}},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
	{0},
};

struct device_rule {
	bool allow;
	char type; /* 0: all */
	int major; /* -1: all */
	int minor;
	const char *access;
};

static const struct device_rule device_rules[] = {
	{false, 0, -1, -1, "rwm"},    {true, 'c', 1, 5, "rwm"}, /* zero */
	{true, 'c', 1, 3, "rwm"},				/* null */
	{true, 'c', 1, 9, "rwm"},				/* urandom */
	{true, 'c', 1, 8, "rwm"},				/* random */
	{true, 'c', 5, 0, "rwm"},				/* tty */
	{true, 'c', 5, 1, "rwm"},				/* console */
	{false, 'c', 10, 229, "rwm"},				/* fuse */
	{true, 'c', -1, -1, "m"},     {true, 'b', -1, -1, "m"}, /* nodes may be made, not opened */
	{true, 'c', 136, -1, "rwm"},  {true, 'c', 5, 2, "rwm"}, /* pts, ptmx */
	{true, 'c', 1, 7, "rwm"},				/* full */
};

void defaults_write_mount(struct json_writer *w, const struct defaults_mount *mount)
{
	json_object_begin(w, NULL);
	json_write_string(w, "destination", mount->destination);
	json_write_string(w, "type", mount->type);
	json_write_string(w, "source", mount->source);
	json_array_begin(w, "options");
	for (size_t i = 0; mount->options[i]; i++)
		json_write_string(w, NULL, mount->options[i]);
	json_end(w);
	json_end(w);
}

static void write_set(struct json_writer *w, const char *key, uint64_t mask)
{
	json_array_begin(w, key);
	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		if (mask & UINT64_C(1) << i)
			json_write_string(w, NULL, capability_name(i));
	json_end(w);
}

void defaults_write_capabilities(struct json_writer *w, const char *key, uint64_t mask)
{
	json_object_begin(w, key);
	write_set(w, "bounding", mask);
	write_set(w, "effective", mask);
	write_set(w, "permitted", mask);
	json_end(w);
}

void defaults_write_device_rules(struct json_writer *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(device_rules); i++) {
		const struct device_rule *rule = &device_rules[i];
		char type[2] = {rule->type, '\0'};

		json_object_begin(w, NULL);
		json_write_bool(w, "allow", rule->allow);
		if (rule->type)
			json_write_string(w, "type", type);
		if (rule->major >= 0)
			json_write_i64(w, "major", rule->major);
		if (rule->minor >= 0)
			json_write_i64(w, "minor", rule->minor);
		json_write_string(w, "access", rule->access);
		json_end(w);
	}
}
