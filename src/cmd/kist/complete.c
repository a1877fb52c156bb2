#include "cmd/kist/complete.h"

#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "cmd/kist/kist.h"
#include "engine/container/container.h"
#include "store/reference.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define SIGNALS "TERM|KILL|HUP|INT|QUIT|USR1|USR2|STOP|CONT|WINCH"
/* capabilities(7), without CAP_ */
#define CAPABILITIES                                                                           \
	"ALL|AUDIT_CONTROL|AUDIT_READ|AUDIT_WRITE|BLOCK_SUSPEND|BPF|CHECKPOINT_RESTORE|CHOWN|" \
	"DAC_OVERRIDE|DAC_READ_SEARCH|FOWNER|FSETID|IPC_LOCK|IPC_OWNER|KILL|LEASE|"            \
	"LINUX_IMMUTABLE|MAC_ADMIN|MAC_OVERRIDE|MKNOD|NET_ADMIN|NET_BIND_SERVICE|"             \
	"NET_BROADCAST|NET_RAW|PERFMON|SETFCAP|SETGID|SETPCAP|SETUID|SYSLOG|SYS_ADMIN|"        \
	"SYS_BOOT|SYS_CHROOT|SYS_MODULE|SYS_NICE|SYS_PACCT|SYS_PTRACE|SYS_RAWIO|"              \
	"SYS_RESOURCE|SYS_TIME|SYS_TTY_CONFIG|WAKE_ALARM"

/* The values of options, by name; a row without a command is for all that have no row of their own.
 */
static const struct {
	const char *command;
	const char *option;
	const char *choices; /* NULL: none, but more */
	enum complete_more more;
} known[] = {
	{"ps", "filter", "ancestor=|exited=|id=|label=|name=|status=", COMPLETE_STAY},
	{"images", "filter",
	 "before=|dangling=true|dangling=false|label=|reference=|since=", COMPLETE_STAY},
	{NULL, "cap-add", CAPABILITIES, COMPLETE_NONE},
	{NULL, "cap-drop", CAPABILITIES, COMPLETE_NONE},
	{NULL, "cgroupns", "host|private", COMPLETE_NONE},
	{NULL, "device", NULL, COMPLETE_FILES},
	{NULL, "format", "json|table", COMPLETE_NONE},
	{NULL, "ipc", "host|none|private|shareable|container:", COMPLETE_STAY},
	{NULL, "mount", "type=bind,|type=tmpfs,|type=volume,", COMPLETE_STAY},
	{NULL, "net", "bridge|host|none", COMPLETE_NONE},
	{NULL, "network", "bridge|host|none", COMPLETE_NONE},
	{NULL, "pid", "host|container:", COMPLETE_STAY},
	{NULL, "pull", "always|missing|never", COMPLETE_NONE},
	{NULL, "restart", "no|on-failure|always|unless-stopped", COMPLETE_NONE},
	{NULL, "runtime", "kist-runtime|crun|runc", COMPLETE_FILES},
	{NULL, "security-opt", "no-new-privileges|seccomp=|apparmor=|label=|systempaths=unconfined",
	 COMPLETE_STAY},
	{NULL, "stop-signal", SIGNALS, COMPLETE_NONE},
	{NULL, "userns", "host", COMPLETE_NONE},
	{NULL, "uts", "host", COMPLETE_NONE},
	{NULL, "signal", SIGNALS, COMPLETE_NONE},
	{NULL, "type", "container|image", COMPLETE_NONE},
	{NULL, "root", NULL, COMPLETE_DIRS},
	{NULL, "runroot", NULL, COMPLETE_DIRS},
	{NULL, "volume", NULL, COMPLETE_DIRS},
	{"load", "input", NULL, COMPLETE_FILES},
	{NULL, "env-file", NULL, COMPLETE_FILES},
	{NULL, "label-file", NULL, COMPLETE_FILES},
	{NULL, "cidfile", NULL, COMPLETE_FILES},
};

/* Commands that make sense for containers in one state only. */
static const struct {
	const char *command;
	bool running;
} wanted[] = {
	{"attach", true}, {"exec", true},    {"kill", true},   {"pause", true},
	{"port", true},	  {"start", false},  {"stats", true},  {"stop", true},
	{"top", true},	  {"unpause", true}, {"update", true}, {"wait", true},
};

static bool is_wanted(const struct completion *place, const struct container *container)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (STREQ(wanted[i].command, place->command->name))
			return wanted[i].running == (container->state != CONTAINER_CREATED &&
						     container->state != CONTAINER_EXITED);
	return true;
}

static bool operand_has(const struct completion *place, const char *word)
{
	return memmem(place->operand, place->operand_len, word, strlen(word)) != NULL;
}

static void print_containers(const struct completion *place, struct engine *engine, FILE *out)
{
	/* "[CONTAINER:]PATH": more follows the name. */
	const char *end = operand_has(place, "CONTAINER:") ? ":" : "";
	struct container *list = NULL;
	auto_error err = {0};
	size_t count = 0;

	if (container_list(engine, &list, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		auto_free char *name = NULL;

		if (!list[i].name || (!list[i].damage && !is_wanted(place, &list[i])))
			continue;
		name = mem_printf("%s%s", list[i].name, end);
		complete_candidate(place, out, name,
				   list[i].damage ? "damaged" : list[i].config.image);
	}
	container_list_free(list, count);
}

/* As people type it: without docker.io and library, and without the tag that goes without saying.
 */
static void print_image_name(const struct completion *place, const char *full, FILE *out)
{
	auto_reference reference = {0};
	auto_free char *name = NULL;

	if (reference_parse(full, &reference, NULL) < 0)
		return;
	name = reference_familiar(&reference);
	if (str_ends(name, ":latest"))
		name[strlen(name) - strlen(":latest")] = '\0';
	complete_candidate(place, out, name, NULL);
}

static void print_images(const struct completion *place, const struct engine *engine, FILE *out)
{
	struct image *list = NULL;
	auto_error err = {0};
	size_t count = 0;

	if (store_image_list(&engine->root, &list, &count, NULL, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list[i].references.n; j++)
			print_image_name(place, list[i].references.v[j], out);
		image_release(&list[i]);
	}
	free(list);
}

/* The engine that the options before the command name. */
static int open_engine(const struct completion *place, struct engine *ret)
{
	int argc = place->global_count + 1;
	auto_free char **argv = mem_zero((size_t)argc + 1, sizeof(*argv));
	auto_error err = {0};
	struct kist kist = {0};

	argv[0] = (char *)"kist";
	memcpy(argv + 1, place->globals, (size_t)place->global_count * sizeof(*argv));
	if (options_parse("kist", place->program->options, COMMAND_STOP_AT_OPERAND, &kist, argc,
			  argv) < 0)
		return -EINVAL;
	return engine_open(kist.dir, kist.run, ret, &err);
}

static enum complete_more print_operand(const struct completion *place, FILE *out)
{
	bool any = operand_has(place, "NAME|ID");
	bool containers = any || operand_has(place, "CONTAINER");
	bool images = any || operand_has(place, "IMAGE") || operand_has(place, "REPOSITORY") ||
		      operand_has(place, "NAME[:TAG");
	auto_engine engine = ENGINE_CLOSED;

	if ((!containers && !images) || open_engine(place, &engine) < 0)
		return COMPLETE_UNKNOWN;
	if (containers)
		print_containers(place, &engine, out);
	if (images)
		print_images(place, &engine, out);
	/* "CONTAINER:PATH" or a path */
	return operand_has(place, "PATH") ? COMPLETE_FILES : COMPLETE_NONE;
}

enum complete_more kist_complete(const struct completion *place, FILE *out)
{
	const char *command = place->command ? place->command->name : "";

	if (!place->option)
		return print_operand(place, out);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!STREQ(known[i].option, place->option->name) ||
		    (known[i].command && !STREQ(known[i].command, command)))
			continue;
		if (known[i].choices)
			complete_choices(place, out, known[i].choices);
		return known[i].more;
	}
	return COMPLETE_UNKNOWN;
}
