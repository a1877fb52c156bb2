/* config.json: "blockIO", "hugepageLimits", "rdma" and "network" of linux.resources. */
#include "spec/runtime-read.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#define WHERE "linux.resources"

static int read_block_device(const struct json *object, bool weights,
			     struct runtime_block_device *ret, struct error *err)
{
	static const char where[] = WHERE ".blockIO";
	struct runtime_i64 major = {0}, minor = {0}, value = {0}, leaf = {0};
	int r;

	r = read_i64(object, where, "major", 0, UINT32_MAX, &major, err);
	if (r >= 0)
		r = read_i64(object, where, "minor", 0, UINT32_MAX, &minor, err);
	if (r >= 0)
		r = read_i64(object, where, weights ? "weight" : "rate", 0, INT64_MAX, &value, err);
	if (r >= 0)
		r = read_i64(object, where, "leafWeight", 0, 1000, &leaf, err);
	if (r < 0)
		return r;
	if (!major.set || !minor.set)
		return error_set(err, ERROR_INVALID, "config: %s: major and minor are needed",
				 where);
	*ret = (struct runtime_block_device) {.major = major.value,
					      .minor = minor.value,
					      .value = value.value,
					      .leaf_weight = leaf.value,
					      .has_weight = value.set,
					      .has_leaf_weight = leaf.set};
	return 0;
}

static int read_block_devices(const struct json *object, const char *key, bool weights,
			      struct runtime_block_devices *ret, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, WHERE ".blockIO", key, JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	ret->n = json_count(array);
	ret->v = mem_zero(ret->n, sizeof(*ret->v));
	for (size_t i = 0; r >= 0 && i < ret->n; i++)
		r = read_block_device(json_at(array, i), weights, &ret->v[i], err);
	return r;
}

static int read_block(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	static const char *const keys[RUNTIME_THROTTLE_COUNT] = {
		[RUNTIME_THROTTLE_READ_BPS] = "throttleReadBpsDevice",
		[RUNTIME_THROTTLE_WRITE_BPS] = "throttleWriteBpsDevice",
		[RUNTIME_THROTTLE_READ_IOPS] = "throttleReadIOPSDevice",
		[RUNTIME_THROTTLE_WRITE_IOPS] = "throttleWriteIOPSDevice",
	};
	static const char where[] = WHERE ".blockIO";
	const struct json *block;
	int r;

	r = read_container(object, WHERE, "blockIO", JSON_OBJECT, &block, err);
	if (r < 0 || !block)
		return r;
	ret->block = mem_new(struct runtime_block);
	r = read_i64(block, where, "weight", 0, UINT16_MAX, &ret->block->weight, err);
	if (r >= 0)
		r = read_i64(block, where, "leafWeight", 0, UINT16_MAX, &ret->block->leaf_weight,
			     err);
	if (r >= 0)
		r = read_block_devices(block, "weightDevice", true, &ret->block->weights, err);
	for (size_t i = 0; r >= 0 && i < RUNTIME_THROTTLE_COUNT; i++)
		r = read_block_devices(block, keys[i], false, &ret->block->throttles[i], err);
	return r;
}

/* "64KB", "2MB", "1GB": a part of the name of a file. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 8 && strchr("KMG", text[digits]) && text[digits] &&
	       STREQ(text + digits + 1, "B");
}

static int read_hugepages(const struct json *object, struct runtime_resources *ret,
			  struct error *err)
{
	static const char where[] = WHERE ".hugepageLimits";
	const struct json *array;
	int r;

	r = read_container(object, WHERE, "hugepageLimits", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	ret->hugepage_count = json_count(array);
	ret->hugepages = mem_zero(ret->hugepage_count, sizeof(*ret->hugepages));
	for (size_t i = 0; r >= 0 && i < ret->hugepage_count; i++) {
		struct runtime_hugepage_limit *limit = &ret->hugepages[i];
		const struct json *value = json_get(json_at(array, i), "limit");

		r = read_string(json_at(array, i), where, "pageSize", &limit->page_size, err);
		if (r < 0)
			return r;
		if (!limit->page_size || !is_page_size(limit->page_size))
			return error_set(err, ERROR_INVALID,
					 "config: %s.pageSize must be a size such as 2MB", where);
		if (!value || json_u64(value, &limit->limit) < 0)
			return error_set(err, ERROR_INVALID,
					 "config: %s.limit must be a number of bytes", where);
	}
	return r;
}

static int add_rdma(const char *key, struct json *value, void *arg)
{
	struct runtime_resources *resources = arg;
	struct runtime_rdma_limit limit = {.device = key};

	if (!*key || strpbrk(key, " \n\t="))
		return -EINVAL;
	if (read_i64(value, WHERE ".rdma", "hcaHandles", 0, UINT32_MAX, &limit.handles, NULL) < 0 ||
	    read_i64(value, WHERE ".rdma", "hcaObjects", 0, UINT32_MAX, &limit.objects, NULL) < 0)
		return -EINVAL;
	resources->rdma =
		mem_resize(resources->rdma, (resources->rdma_count + 1) * sizeof(*resources->rdma));
	resources->rdma[resources->rdma_count++] = limit;
	return 0;
}

static int read_rdma(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	const struct json *rdma;
	int r;

	r = read_container(object, WHERE, "rdma", JSON_OBJECT, &rdma, err);
	if (r < 0 || !rdma)
		return r;
	if (json_each(rdma, add_rdma, ret) < 0)
		return error_set(err, ERROR_INVALID,
				 "config: " WHERE
				 ".rdma must map devices to hcaHandles and hcaObjects");
	return 0;
}

static int read_network(const struct json *object, struct runtime_resources *ret, struct error *err)
{
	static const char where[] = WHERE ".network";
	const struct json *network, *array;
	int r;

	r = read_container(object, WHERE, "network", JSON_OBJECT, &network, err);
	if (r < 0 || !network)
		return r;
	r = read_i64(network, where, "classID", 0, UINT32_MAX, &ret->network_class, err);
	if (r >= 0)
		r = read_container(network, where, "priorities", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	ret->network_priority_count = json_count(array);
	ret->network_priorities =
		mem_zero(ret->network_priority_count, sizeof(*ret->network_priorities));
	for (size_t i = 0; r >= 0 && i < ret->network_priority_count; i++) {
		struct runtime_network_priority *priority = &ret->network_priorities[i];

		r = read_string(json_at(array, i), where, "name", &priority->name, err);
		if (r >= 0)
			r = read_u32(json_at(array, i), where, "priority", &priority->priority,
				     err);
		if (r >= 0 &&
		    (!priority->name || !*priority->name || strpbrk(priority->name, " \n\t")))
			r = error_set(err, ERROR_INVALID,
				      "config: %s.priorities: an interface has no name", where);
	}
	return r;
}

int read_limits(const struct json *resources, struct runtime_resources *ret, struct error *err)
{
	int r = read_block(resources, ret, err);

	if (r >= 0)
		r = read_hugepages(resources, ret, err);
	if (r >= 0)
		r = read_rdma(resources, ret, err);
	if (r >= 0)
		r = read_network(resources, ret, err);
	return r;
}

void release_limits(struct runtime_resources *resources)
{
	if (resources->block) {
		mem_freep(&resources->block->weights.v);
		for (size_t i = 0; i < RUNTIME_THROTTLE_COUNT; i++)
			mem_freep(&resources->block->throttles[i].v);
	}
	mem_freep(&resources->block);
	mem_freep(&resources->hugepages);
	mem_freep(&resources->rdma);
	mem_freep(&resources->network_priorities);
}
