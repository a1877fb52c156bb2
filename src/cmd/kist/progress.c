#include "cmd/kist/progress.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_WIDTH      50
#define WIDTH_DEFAULT  80
#define HEIGHT_DEFAULT 24
/* What stands beside a bar: layer, status and both sizes. */
#define REST_WIDTH    55
#define DRAW_INTERVAL (TIME_SECOND / 20)

void progress_init(struct progress *progress, int fd)
{
	struct winsize size;

	*progress = (struct progress) {.fd = fd, .width = WIDTH_DEFAULT, .height = HEIGHT_DEFAULT};
	progress->terminal = isatty(fd);
	if (progress->terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		progress->width = size.ws_col;
		progress->height = size.ws_row;
	}
}

void progress_bar(uint64_t current, uint64_t total, unsigned width, struct str *out)
{
	char size[TIME_HUMAN_SIZE];
	unsigned done;

	if (current == 0 && total == 0)
		return;
	if (total == 0) {
		str_append(out, size_human(current, 4, size));
		return;
	}
	current = MIN(current, total);
	width = MIN(width, (unsigned)BAR_WIDTH);
	done = (unsigned)((double)current / (double)total * width);
	if (width > 5) {
		str_append_char(out, '[');
		for (unsigned i = 0; i < width; i++)
			str_append_char(out, i < done ? '=' : i == done ? '>' : ' ');
		str_append(out, "]  ");
	}
	str_append(out, size_human(current, 4, size));
	str_append_char(out, '/');
	str_append(out, size_human(total, 4, size));
}

/* What is lost here is only what somebody would have looked at. */
static void emit(const struct progress *progress, const struct str *text)
{
	(void)!fd_write_full(progress->fd, str_text(text), text->len);
}

static void show_line(const struct progress_line *line, unsigned width, struct str *out)
{
	if (*line->layer)
		str_append_format(out, "%s: ", line->layer);
	str_append(out, line->status);
	/* What has not begun, or is done, needs no bar. */
	if (width == 0 || line->current == 0 || line->current == line->total)
		return;
	str_append_char(out, ' ');
	progress_bar(line->current, line->total, width > REST_WIDTH ? width - REST_WIDTH : 0, out);
}

/* The cursor stands below the last line, before and after. */
static void draw(struct progress *progress)
{
	auto_str out = {0};

	for (size_t i = 0; i < progress->line_count; i++) {
		struct progress_line *line = &progress->lines[i];
		size_t up = progress->line_count - i;

		/* What has scrolled away is out of reach. */
		if (!line->changed || up >= progress->height)
			continue;
		line->changed = false;
		str_append_format(&out, "\x1b[%zuA\r\x1b[2K", up);
		show_line(line, progress->width, &out);
		str_append_format(&out, "\r\x1b[%zuB", up);
	}
	progress->drawn = time_monotonic();
	emit(progress, &out);
}

static struct progress_line *find_line(struct progress *progress, const char *layer)
{
	for (size_t i = 0; i < progress->line_count; i++)
		if (STREQ(progress->lines[i].layer, layer))
			return &progress->lines[i];
	return NULL;
}

static struct progress_line *add_line(struct progress *progress, const char *layer)
{
	struct progress_line *line;

	if (progress->line_count == PROGRESS_LAYERS_MAX)
		return NULL;
	line = &progress->lines[progress->line_count++];
	*line = (struct progress_line) {.layer = mem_strdup(layer), .status = mem_strdup("")};
	if (progress->terminal) {
		auto_str out = {0};

		str_append_char(&out, '\n');
		emit(progress, &out);
	}
	return line;
}

/* What does not end in a step of its own is not worth a line in a file. */
static void print_step(const struct progress *progress, const struct progress_line *line)
{
	auto_str out = {0};

	show_line(line, 0, &out);
	str_append_char(&out, '\n');
	emit(progress, &out);
}

void progress_report(const char *layer, const char *status, uint64_t current, uint64_t total,
		     void *arg)
{
	struct progress *progress = arg;
	struct progress_line *line;
	bool step;

	layer = layer ? layer : "";
	line = find_line(progress, layer);
	if (!line)
		line = add_line(progress, layer);
	if (!line)
		return;
	step = !STREQ(line->status, status);
	if (step) {
		free(line->status);
		line->status = mem_strdup(status);
	}
	line->current = current;
	line->total = total;
	line->changed = true;
	if (!progress->terminal && step)
		print_step(progress, line);
	if (progress->terminal && (step || time_monotonic() - progress->drawn > DRAW_INTERVAL))
		draw(progress);
}

void progress_finish(struct progress *progress)
{
	if (progress->terminal)
		draw(progress);
}

void progress_release(struct progress *progress)
{
	for (size_t i = 0; i < progress->line_count; i++) {
		free(progress->lines[i].layer);
		free(progress->lines[i].status);
	}
	progress->line_count = 0;
}
