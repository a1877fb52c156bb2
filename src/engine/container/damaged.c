#include "engine/container/damaged.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/container/name.h"
#include "engine/container/record.h"
#include "engine/container/state.h"
#include "io/atomic-file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SHORT	   12 /* digits of an id as people see it */
#define BUNDLE_MAX (16 << 20)

/* The bundle of its last start names the cgroup: the parent is what comes before our id. */
static char *find_cgroup_parent(int run_fd, const char *id)
{
	auto_free char *text = NULL;
	auto_json *root = NULL;
	const char *path, *slash;
	size_t len;

	if (atomic_read(run_fd, "config.json", BUNDLE_MAX, &text, &len) < 0 ||
	    json_parse(text, len, &root, NULL) < 0)
		return NULL;
	path = json_get_string(json_get(root, "linux"), "cgroupsPath");
	slash = path ? strrchr(path, '/') : NULL;
	if (!slash || !STREQ(slash + 1, id) || path + strspn(path, "/") > slash)
		return NULL;
	return mem_strndup(path, (size_t)(slash - path));
}

int container_damaged_read(struct engine *engine, const char *id, struct error *why,
			   struct container *ret, struct error *err)
{
	auto_fd int dir_fd = container_open_folder(engine, id);
	auto_fd int run_fd = container_open_run_folder(engine, id);
	auto_container container = {0};
	int r;

	(void)memcpy(container.id, id, CONTAINER_ID_SIZE);
	container.name = container_name_of(engine, id);
	if (!container.name)
		container.name = mem_strndup(id, SHORT);
	container.image_id = mem_strdup("");
	container.config.image = mem_strdup("");
	container.config.network = mem_strdup("");
	container.config.auto_remove =
		dir_fd < 0 || faccessat(dir_fd, RECORD_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	if (run_fd >= 0)
		container.config.cgroup_parent = find_cgroup_parent(run_fd, id);
	container.damage = why->message ? why->message : mem_strdup("its record cannot be read");
	why->message = NULL;
	r = container_state_read(engine, &container, err);
	if (r < 0)
		return r;
	*ret = container;
	container = (struct container) {0};
	return 0;
}
