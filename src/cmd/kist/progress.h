/*
 * The progress of a pull, as Docker shows it: on a terminal one line per layer that is drawn again
 * when it changes, elsewhere one line per step.
 */
#pragma once

#include "base/str.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LAYERS_MAX 128

struct progress_line {
	char *layer;
	char *status;
	uint64_t current, total;
	bool changed;
};

struct progress {
	int fd;	       /* borrowed */
	bool terminal; /* lines can be drawn again */
	unsigned width, height;
	struct progress_line lines[PROGRESS_LAYERS_MAX];
	size_t line_count;
	int64_t drawn; /* when: not more often than eyes see */
};

/* Looks at what @fd is. */
void progress_init(struct progress *progress, int fd);

/* Has the form that struct pull_progress asks for; @arg is the struct progress. */
void progress_report(const char *layer, const char *status, uint64_t current, uint64_t total,
		     void *arg);

/* Draws what has not been drawn. */
void progress_finish(struct progress *progress);

void progress_release(struct progress *progress);
#define auto_progress CLEANUP(progress_release) struct progress

/* "[=====>     ]  1.2MB/4.2MB", at most @width wide; without a total "1.2MB", without both "". */
void progress_bar(uint64_t current, uint64_t total, unsigned width, struct str *out);
