#include "engine/image-defaults.h"

#include "base/mem.h"
#include "base/str.h"
#include "engine/container/name.h"

#include <signal.h>
#include <string.h>

const char *image_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "name this architecture as images do (GOARCH)"
#endif
}

static int check_platform(const struct container_config *config, const struct image *image,
			  struct strv *warnings, struct error *err)
{
	const char *os = image->os && *image->os ? image->os : "linux";
	const char *arch = image->architecture && *image->architecture ? image->architecture
								       : image_architecture();
	auto_free char *has = mem_printf("%s/%s", os, arch);

	if (config->platform && !str_starts(config->platform, has))
		return error_set(err, ERROR_NOT_FOUND,
				 "image with reference %s was found but does not match the "
				 "specified platform: wanted %s, actual: %s",
				 config->image, config->platform, has);
	if (STREQ(os, "linux") && STREQ(arch, image_architecture()))
		return 0;
	if (!config->platform)
		return error_set(err, ERROR_UNSUPPORTED,
				 "image %s is for %s, and this machine is linux/%s: give "
				 "--platform %s if an emulator for it is installed",
				 config->image, has, image_architecture(), has);
	strv_add_format(warnings,
			"The requested image's platform (%s) does not match the detected host "
			"platform (linux/%s)",
			has, image_architecture());
	return 0;
}

/* The image's pairs first, then the user's, which win; a key alone takes the image's pair away. */
static void merge_pairs(struct strv *pairs, const struct strv *of_image)
{
	auto_strv merged = {0}, kept = {0};

	for (size_t i = 0; i < of_image->n; i++)
		if (strchr(of_image->v[i], '=') && of_image->v[i][0] != '=')
			strv_set_pair(&merged, of_image->v[i]);
	for (size_t i = 0; i < pairs->n; i++)
		strv_set_pair(&merged, pairs->v[i]);
	for (size_t i = 0; i < merged.n; i++)
		if (strchr(merged.v[i], '='))
			strv_add(&kept, merged.v[i]);
	strv_release(pairs);
	*pairs = kept;
	kept = (struct strv) {0};
}

static int apply_command(struct container_config *config, const struct image *image,
			 struct error *err)
{
	if (!config->has_entrypoint) {
		strv_copy(&config->entrypoint, &image->entrypoint);
		if (config->command.n == 0)
			strv_copy(&config->command, &image->cmd);
	}
	if (config->entrypoint.n + config->command.n == 0)
		return error_set(err, ERROR_INVALID, "no command specified");
	return 0;
}

static int apply_volumes(struct container_config *config, const struct image *image,
			 struct error *err)
{
	char name[CONTAINER_ID_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->volumes.n; i++) {
		CLEANUP(container_mount_release)
		struct container_mount mount = {.kind = MOUNT_VOLUME, .anonymous = true};
		bool taken = false;

		mount.target = path_clean(image->volumes.v[i]);
		for (size_t k = 0; mount.target && k < config->mount_count; k++)
			taken |= STREQ(config->mounts[k].target, mount.target);
		if (mount.target && !STREQ(mount.target, "/") && !taken)
			r = container_config_add_mount(config, &mount, err);
	}
	for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
		if (config->mounts[i].kind != MOUNT_VOLUME || config->mounts[i].source)
			continue;
		r = container_id_make(name, err);
		if (r == 0)
			config->mounts[i].source = mem_strdup(name);
	}
	return r;
}

static void apply_texts(struct container_config *config, const struct image *image)
{
	if (!config->user && image->user && *image->user)
		config->user = mem_strdup(image->user);
	if (!config->working_dir && image->working_dir && *image->working_dir)
		config->working_dir = path_clean(image->working_dir);
	if (config->stop_signal == 0 && image->stop_signal && *image->stop_signal)
		(void)!container_signal_parse(image->stop_signal, &config->stop_signal, NULL);
	if (config->stop_signal == 0)
		config->stop_signal = SIGTERM;
}

static bool is_published(const struct container_config *config, const struct port_mapping *port)
{
	for (size_t i = 0; i < config->port_count; i++)
		if (config->ports[i].container_port == port->container_port &&
		    config->ports[i].protocol == port->protocol)
			return true;
	return false;
}

/* -P: a free port of the host for every one that is exposed. */
static void publish_exposed(struct container_config *config, const struct strv *exposed)
{
	for (size_t i = 0; i < exposed->n; i++) {
		auto_free struct port_mapping *ports = NULL;
		size_t count = 0;

		/* Which address and port of the host is not for an image to say. */
		if (strchr(exposed->v[i], ':') ||
		    port_parse(exposed->v[i], &ports, &count, NULL) < 0)
			continue;
		for (size_t k = 0; k < count && config->port_count < PORTS_MAX; k++) {
			if (is_published(config, &ports[k]))
				continue;
			config->ports = mem_resize(config->ports,
						   (config->port_count + 1) * sizeof(*ports));
			config->ports[config->port_count++] = ports[k];
		}
	}
}

int image_defaults_apply(struct container *container, const struct image *image,
			 struct strv *warnings, struct error *err)
{
	struct container_config *config = &container->config;
	int r;

	r = check_platform(config, image, warnings, err);
	if (r == 0)
		r = apply_command(config, image, err);
	if (r == 0)
		r = apply_volumes(config, image, err);
	if (r < 0)
		return r;
	apply_texts(config, image);
	merge_pairs(&config->env, &image->env);
	merge_pairs(&config->labels, &image->labels);
	strv_copy(&container->exposed_ports, &image->exposed_ports);
	for (size_t i = 0; i < config->exposed_ports.n; i++)
		if (!strv_contains(&container->exposed_ports, config->exposed_ports.v[i]))
			strv_add(&container->exposed_ports, config->exposed_ports.v[i]);
	if (config->publish_all)
		publish_exposed(config, &container->exposed_ports);
	container->image_id = mem_strdup(image->id);
	return 0;
}
