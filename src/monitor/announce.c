#include "monitor/announce.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/atomic-file.h"
#include "io/event-log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

void announce_end(const struct monitor_options *options, int bundle_fd, int64_t started,
		  const struct wire_exit *exit)
{
	auto_free char *renamed = NULL;
	auto_fd int run_fd = -EBADF;
	const char *attributes;
	auto_str lines = {0};
	char extra[80];
	size_t len;

	if (!options->events || !options->event_attributes)
		return;
	run_fd = open(options->events, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run_fd < 0)
		return;
	attributes = atomic_read(bundle_fd, ATTRIBUTES_FILE, EVENT_LINE_MAX, &renamed, &len) == 0
			     ? renamed
			     : options->event_attributes;
	if (exit->oom_killed)
		event_line(&lines, "container", "oom", options->id, attributes, "", time_now());
	(void)snprintf(extra, sizeof(extra), "%s\"execDuration\":\"%lld\",\"exitCode\":\"%d\"",
		       *attributes ? "," : "",
		       (long long)(MAX(exit->time - started, (int64_t)0) / TIME_SECOND),
		       exit->code);
	event_line(&lines, "container", "die", options->id, attributes, extra, time_now());
	if (event_log_append(run_fd, str_text(&lines), lines.len) == 0)
		(void)mknodat(bundle_fd, ANNOUNCED_FILE, S_IFREG | 0600, 0);
}
