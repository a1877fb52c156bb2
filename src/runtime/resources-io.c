#include "runtime/resources-io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* v2: whether the parent leaves the controller to its children. */
static bool is_handed_down(const struct cgroup *cgroup, const char *controller)
{
	char list[256], *rest = list, *word;

	if (!cgroup->v2 ||
	    cgroup_read(cgroup, controller, "cgroup.controllers", list, sizeof(list)) < 0)
		return true;
	while ((word = strsep(&rest, " \n")))
		if (STREQ(word, controller))
			return true;
	return false;
}

int resources_set(const struct cgroup *cgroup, const char *controller, const char *file,
		  const char *text, struct error *err)
{
	int r = cgroup_write(cgroup, controller, file, text);

	if (r == -ENODEV || (r == -ENOENT && !cgroup_has(cgroup, controller)))
		return error_set(err, ERROR_UNSUPPORTED,
				 "set %s to %s: this machine has no cgroup controller %s", file,
				 text, controller);
	if (r == -ENOENT && !is_handed_down(cgroup, controller))
		return error_set(err, ERROR_UNSUPPORTED,
				 "set %s to %s: the parent of cgroup %s does not hand the "
				 "controller %s down, as one with processes of its own cannot",
				 file, text, cgroup->path, controller);
	if (r == -ENOENT)
		return error_set(err, ERROR_UNSUPPORTED,
				 "set %s to %s: this kernel has no such limit: no such file or "
				 "directory",
				 file, text);
	return r < 0 ? error_errno(err, r, "set %s to %s", file, text) : 0;
}

/* The first of @files that there is, up to a NULL. */
static int set_first(const struct cgroup *cgroup, const char *controller, const char *const *files,
		     const char *text, struct error *err)
{
	for (; files[1]; files++)
		if (cgroup_write(cgroup, controller, *files, text) == 0)
			return 0;
	return resources_set(cgroup, controller, *files, text, err);
}

static int set_weight_v1(const struct cgroup *cgroup, const struct runtime_block *block,
			 struct error *err)
{
	static const char *const files[] = {"blkio.bfq.weight", "blkio.weight", NULL};
	char text[32];
	int r = 0;

	if (block->weight.value > 0) {
		(void)snprintf(text, sizeof(text), "%" PRId64, block->weight.value);
		r = set_first(cgroup, "blkio", files, text, err);
	}
	if (r == 0 && block->leaf_weight.value > 0) {
		(void)snprintf(text, sizeof(text), "%" PRId64, block->leaf_weight.value);
		r = resources_set(cgroup, "blkio", "blkio.leaf_weight", text, err);
	}
	return r;
}

/* 10..1000 onto 1..10000, as the kernel's documentation has it; BFQ's own file takes it as it is.
 */
static int set_weight_v2(const struct cgroup *cgroup, const struct runtime_block *block,
			 struct error *err)
{
	char text[32];

	if (block->weight.value <= 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%" PRId64, block->weight.value);
	if (cgroup_write(cgroup, "io", "io.bfq.weight", text) == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%" PRId64, 1 + (block->weight.value - 10) * 9999 / 990);
	return resources_set(cgroup, "io", "io.weight", text, err);
}

static int set_device_weights(const struct cgroup *cgroup, const struct runtime_block *block,
			      struct error *err)
{
	static const char *const files_v1[] = {"blkio.bfq.weight_device", "blkio.weight_device",
					       NULL};
	static const char *const files_v2[] = {"io.bfq.weight", "io.weight", NULL};
	char text[96];
	int r = 0;

	for (size_t i = 0; r == 0 && i < block->weights.n; i++) {
		const struct runtime_block_device *device = &block->weights.v[i];

		if (device->has_weight) {
			(void)snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRId64,
				       device->major, device->minor, device->value);
			r = set_first(cgroup, cgroup->v2 ? "io" : "blkio",
				      cgroup->v2 ? files_v2 : files_v1, text, err);
		}
		if (r == 0 && device->has_leaf_weight && !cgroup->v2) {
			(void)snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRId64,
				       device->major, device->minor, device->leaf_weight);
			r = resources_set(cgroup, "blkio", "blkio.leaf_weight_device", text, err);
		}
	}
	return r;
}

static int set_throttles(const struct cgroup *cgroup, const struct runtime_block *block,
			 struct error *err)
{
	static const struct {
		const char *file; /* v1 */
		const char *key;  /* v2 */
	} names[RUNTIME_THROTTLE_COUNT] = {
		[RUNTIME_THROTTLE_READ_BPS] = {"blkio.throttle.read_bps_device", "rbps"},
		[RUNTIME_THROTTLE_WRITE_BPS] = {"blkio.throttle.write_bps_device", "wbps"},
		[RUNTIME_THROTTLE_READ_IOPS] = {"blkio.throttle.read_iops_device", "riops"},
		[RUNTIME_THROTTLE_WRITE_IOPS] = {"blkio.throttle.write_iops_device", "wiops"},
	};
	char text[96];
	int r = 0;

	for (size_t kind = 0; kind < RUNTIME_THROTTLE_COUNT; kind++)
		for (size_t i = 0; r == 0 && i < block->throttles[kind].n; i++) {
			const struct runtime_block_device *device = &block->throttles[kind].v[i];

			(void)snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s%s%" PRId64,
				       device->major, device->minor,
				       cgroup->v2 ? names[kind].key : "", cgroup->v2 ? "=" : "",
				       device->value);
			r = resources_set(cgroup, cgroup->v2 ? "io" : "blkio",
					  cgroup->v2 ? "io.max" : names[kind].file, text, err);
		}
	return r;
}

static int apply_block(const struct cgroup *cgroup, const struct runtime_block *block,
		       struct error *err)
{
	int r;

	if (!block)
		return 0;
	r = cgroup->v2 ? set_weight_v2(cgroup, block, err) : set_weight_v1(cgroup, block, err);
	if (r == 0)
		r = set_device_weights(cgroup, block, err);
	return r < 0 ? r : set_throttles(cgroup, block, err);
}

/* In a hybrid the controller may be in the unified hierarchy. */
static int apply_hugepages(const struct cgroup *cgroup, const struct runtime_resources *resources,
			   struct error *err)
{
	bool v1 = !cgroup->v2 && cgroup_has(cgroup, "hugetlb");
	char file[64], text[32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < resources->hugepage_count; i++) {
		const struct runtime_hugepage_limit *limit = &resources->hugepages[i];

		(void)snprintf(text, sizeof(text), "%" PRIu64, limit->limit);
		(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", limit->page_size,
			       v1 ? "limit_in_bytes" : "max");
		r = resources_set(cgroup, v1 ? "hugetlb" : "", file, text, err);
		if (r < 0)
			return r;
		/* Reservations are counted too, where the kernel can (5.7). */
		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.%s", limit->page_size,
			       v1 ? "limit_in_bytes" : "max");
		r = cgroup_write(cgroup, v1 ? "hugetlb" : "", file, text);
		r = r == -ENOENT || r == 0 ? 0 : error_errno(err, r, "set %s to %s", file, text);
	}
	return r;
}

static int apply_rdma(const struct cgroup *cgroup, const struct runtime_resources *resources,
		      struct error *err)
{
	char text[160], handles[40] = "", objects[40] = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < resources->rdma_count; i++) {
		const struct runtime_rdma_limit *limit = &resources->rdma[i];

		if (limit->handles.set)
			(void)snprintf(handles, sizeof(handles), " hca_handle=%" PRId64,
				       limit->handles.value);
		if (limit->objects.set)
			(void)snprintf(objects, sizeof(objects), " hca_object=%" PRId64,
				       limit->objects.value);
		(void)snprintf(text, sizeof(text), "%.64s%s%s", limit->device, handles, objects);
		r = resources_set(cgroup, "rdma", "rdma.max", text, err);
	}
	return r;
}

static int apply_network(const struct cgroup *cgroup, const struct runtime_resources *resources,
			 struct error *err)
{
	char text[64];
	int r = 0;

	if (resources->network_class.value > 0) {
		(void)snprintf(text, sizeof(text), "%" PRId64, resources->network_class.value);
		r = resources_set(cgroup, "net_cls", "net_cls.classid", text, err);
	}
	for (size_t i = 0; r == 0 && i < resources->network_priority_count; i++) {
		(void)snprintf(text, sizeof(text), "%.32s %u",
			       resources->network_priorities[i].name,
			       resources->network_priorities[i].priority);
		r = resources_set(cgroup, "net_prio", "net_prio.ifpriomap", text, err);
	}
	return r;
}

int resources_apply_io(const struct cgroup *cgroup, const struct runtime_resources *resources,
		       struct error *err)
{
	int r = apply_block(cgroup, resources->block, err);

	if (r == 0)
		r = apply_hugepages(cgroup, resources, err);
	if (r == 0)
		r = apply_rdma(cgroup, resources, err);
	return r < 0 ? r : apply_network(cgroup, resources, err);
}
