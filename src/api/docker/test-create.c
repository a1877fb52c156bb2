#include "api/docker/create.h"

#include "api/docker/config-record.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/container/record.h"

#include <signal.h>
#include <string.h>

static int decode(const char *body, struct container_config *ret, struct error *err)
{
	auto_json *root = NULL;

	assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
	return create_decode(root, NULL, NULL, ret, err);
}

static void decode_well(const char *body, struct container_config *ret)
{
	auto_error err = {0};

	if (decode(body, ret, &err) < 0)
		fail_msg("%s: %s", body, err.message);
}

TEST(what_the_docker_client_sends_for_a_published_service_is_understood)
{
	static const char body[] =
		"{\"Hostname\":\"\",\"AttachStdin\":false,\"ExposedPorts\":{\"80/tcp\":{}},"
		"\"Env\":[\"A=b\",\"PATH\"],\"Cmd\":[\"httpd\",\"-f\"],\"Image\":\"busybox\","
		"\"Volumes\":{\"/anonymous\":{}},\"Entrypoint\":null,\"Labels\":{\"k\":\"v\"},"
		"\"StopSignal\":\"INT\",\"HostConfig\":{\"Binds\":[\"/a:/b:ro\"],"
		"\"LogConfig\":{\"Type\":\"\",\"Config\":{}},\"NetworkMode\":\"default\","
		"\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"}]},"
		"\"RestartPolicy\":{\"Name\":\"no\",\"MaximumRetryCount\":0},\"ConsoleSize\":[0,0],"
		"\"CgroupnsMode\":\"\",\"Memory\":67108864,\"MemorySwappiness\":-1,"
		"\"MaskedPaths\":null,\"OomKillDisable\":false,\"AutoRemove\":true},"
		"\"NetworkingConfig\":{\"EndpointsConfig\":{\"default\":{\"IPAMConfig\":null,"
		"\"MacAddress\":\"\",\"GwPriority\":0}}}}";
	auto_container_config config = {0};
	auto_json *root = NULL;
	auto_error err = {0};

	assert_int_equal(json_parse(body, sizeof(body) - 1, &root, NULL), 0);
	if (create_decode(root, "/web", "linux/amd64", &config, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(config.name, "web");
	assert_string_equal(config.platform, "linux/amd64");
	assert_string_equal(config.image, "busybox");
	assert_string_equal(config.network, "bridge");
	assert_null(config.hostname);
	assert_false(config.has_entrypoint);
	assert_int_equal(config.command.n, 2);
	assert_string_equal(config.env.v[1], "PATH");
	assert_string_equal(config.labels.v[0], "k=v");
	assert_string_equal(config.exposed_ports.v[0], "80/tcp");
	assert_int_equal(config.stop_signal, SIGINT);
	assert_int_equal(config.stop_timeout, -1);
	assert_int_equal(config.memory, 64 << 20);
	assert_true(config.auto_remove);
	assert_int_equal(config.port_count, 1);
	assert_int_equal(config.ports[0].host_port, 8080);
	assert_int_equal(config.ports[0].container_port, 80);
	assert_int_equal(config.mount_count, 2);
	assert_string_equal(config.mounts[0].target, "/b");
	assert_true(config.mounts[0].read_only);
	assert_true(config.mounts[1].anonymous);
}

TEST(the_long_form_of_mounts_means_what_the_short_one_does)
{
	auto_container_config config = {0};

	decode_well("{\"Image\":\"a\",\"HostConfig\":{\"Mounts\":["
		    "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true,"
		    "\"BindOptions\":{\"Propagation\":\"rslave\"}},"
		    "{\"Type\":\"volume\",\"Source\":\"data\",\"Target\":\"/c\","
		    "\"VolumeOptions\":{\"NoCopy\":true,\"DriverConfig\":{\"Name\":\"local\"}}},"
		    "{\"Type\":\"volume\",\"Target\":\"/d\"},"
		    "{\"Type\":\"tmpfs\",\"Target\":\"/e\",\"TmpfsOptions\":{\"SizeBytes\":4096,"
		    "\"Mode\":448}}]}}",
		    &config);
	assert_int_equal(config.mount_count, 4);
	assert_int_equal(config.mounts[0].propagation, MOUNT_RSLAVE);
	assert_true(config.mounts[0].read_only);
	assert_true(config.mounts[1].no_copy);
	assert_string_equal(config.mounts[1].source, "data");
	assert_true(config.mounts[2].anonymous);
	assert_string_equal(config.mounts[3].options, "rw,size=4096,mode=700");
}

TEST(names_of_members_match_in_any_case_and_the_exact_one_wins)
{
	auto_container_config config = {0};

	decode_well("{\"Image\":\"exact\",\"image\":\"other\",\"cmd\":\"x\","
		    "\"HOSTCONFIG\":{\"networkmode\":\"none\"},\"Unknown\":{\"x\":1}}",
		    &config);
	assert_string_equal(config.image, "exact");
	assert_string_equal(config.network, "none");
	assert_int_equal(config.command.n, 1);
}

TEST(an_entrypoint_of_one_empty_word_takes_the_images_away)
{
	auto_container_config config = {0};

	decode_well("{\"Image\":\"a\",\"Entrypoint\":[\"\"],\"Cmd\":[\"x\"]}", &config);
	assert_true(config.has_entrypoint);
	assert_int_equal(config.entrypoint.n, 0);
}

TEST(isolation_is_what_the_docker_client_asks_for)
{
	auto_container_config config = {0};
	const struct container_isolation *isolation = &config.isolation;
	const struct container_device *device;
	const struct container_ulimit *ulimit;

	decode_well(
		"{\"Image\":\"a\",\"HostConfig\":{\"CapAdd\":[\"net_admin\"],"
		"\"SecurityOpt\":[\"no-new-privileges\",\"seccomp=unconfined\"],"
		"\"MaskedPaths\":[],\"ReadonlyPaths\":null,\"Init\":true,\"IpcMode\":\"private\","
		"\"PidMode\":\"host\",\"ShmSize\":1048576,\"Sysctls\":{\"net.core.somaxconn\":"
		"\"10\"},\"Devices\":[{\"PathOnHost\":\"/dev/null\"}],"
		"\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":10,\"Hard\":20}],"
		"\"MemorySwappiness\":-1,\"OomScoreAdj\":100,"
		"\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}}}",
		&config);
	assert_string_equal(isolation->cap_add.v[0], "CAP_NET_ADMIN");
	assert_true(isolation->no_new_privileges);
	assert_string_equal(isolation->seccomp, "unconfined");
	assert_true(isolation->has_masked_paths);
	assert_false(isolation->has_readonly_paths);
	assert_true(isolation->init);
	assert_null(isolation->ipc);
	assert_string_equal(isolation->pid, "host");
	assert_int_equal(isolation->shm_size, 1 << 20);
	assert_string_equal(isolation->sysctls.v[0], "net.core.somaxconn=10");
	assert_int_equal(isolation->devices.n, 1);
	device = isolation->devices.v;
	assert_string_equal(device->target, "/dev/null");
	assert_string_equal(device->access, "rwm");
	assert_int_equal(isolation->ulimits.n, 1);
	ulimit = isolation->ulimits.v;
	assert_int_equal(ulimit->hard, 20);
	assert_int_equal(isolation->oom_score_adj, 100);
	assert_int_equal(config.restart.kind, RESTART_ON_FAILURE);
	assert_int_equal(config.restart.retries, 3);
}

TEST(what_makes_no_sense_or_is_not_done_is_refused_by_name)
{
	static const struct {
		const char *body;
		enum error_kind kind;
		const char *words;
	} table[] = {
		{"{}", ERROR_INVALID, "no image specified"},
		{"{\"Image\":5}", ERROR_INVALID, "Image: must be a string"},
		{"{\"Image\":\"a\",\"HostConfig\":[]}", ERROR_INVALID,
		 "HostConfig: must be an object"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Memory\":\"1g\"}}", ERROR_INVALID,
		 "HostConfig.Memory: must be a whole number"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Ulimits\":[{\"Soft\":1}]}}", ERROR_INVALID,
		 "HostConfig.Ulimits: Name must not be empty"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Links\":[\"b\"]}}", ERROR_UNSUPPORTED,
		 "HostConfig.Links: is not supported yet: leave it out"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"CapAdd\":[\"FLY\"]}}", ERROR_INVALID,
		 "unknown capability: \"CAP_FLY\""},
		{"{\"Image\":\"a\",\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"ever\"}}}",
		 ERROR_INVALID, "HostConfig.RestartPolicy: "},
		{"{\"Image\":\"a\",\"HostConfig\":{\"LogConfig\":{\"Type\":\"syslog\"}}}",
		 ERROR_UNSUPPORTED, "HostConfig.LogConfig.Type: \"syslog\" is not supported"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"./a:/b\"]}}", ERROR_INVALID,
		 "the path on the host must be absolute"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\","
		 "\"Source\":\"a\",\"Target\":\"/b\"}]}}",
		 ERROR_INVALID, "bind source path must be absolute"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\","
		 "\"Source\":\"/a\",\"Target\":\"/b\"}]}}",
		 ERROR_INVALID, "use type bind"},
		{"{\"Image\":\"a\",\"HostConfig\":{\"PortBindings\":{\"1:80\":[{}]}}}",
		 ERROR_INVALID, "Invalid containerPort: 1:80"},
		{"{\"Image\":\"a\",\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"]}}", ERROR_UNSUPPORTED,
		 "health checks are not supported yet"},
		{"{\"Image\":\"a\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"bridge\":"
		 "{\"Aliases\":[\"b\"]}}}}",
		 ERROR_UNSUPPORTED, "NetworkingConfig.EndpointsConfig.bridge.Aliases: is not"},
		{"{\"Image\":\"a\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"other\":null}}}",
		 ERROR_UNSUPPORTED, "HostConfig.NetworkMode says bridge, not other"},
		{"{\"Image\":\"a\",\"Env\":[\"=b\"]}", ERROR_INVALID,
		 "invalid environment variable: =b"},
		{"{\"Image\":\"a\",\"StopTimeout\":-2}", ERROR_INVALID, "StopTimeout: must be"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_container_config config = {0};
		auto_error err = {0};

		assert_true(decode(table[i].body, &config, &err) < 0);
		if (err.kind != table[i].kind || !strstr(err.message, table[i].words))
			fail_msg("%s: %s", table[i].body, err.message);
	}
}

static void write_record(const struct container_config *config, struct str *out)
{
	char name[] = "n", image[] = "sha256:0";
	struct container container = {.name = name, .image_id = image, .config = *config};

	container_record_write(&container, out);
}

TEST(a_request_arrives_as_it_was_sent)
{
	static const char body[] =
		"{\"Image\":\"a\",\"Cmd\":[\"x\",\"\"],\"Env\":[\"A=b\",\"C\"],\"Tty\":true,"
		"\"ExposedPorts\":{\"90/udp\":{}},\"StopTimeout\":3,\"Labels\":{\"k\":\"\"},"
		"\"HostConfig\":{\"Binds\":[\"/a:/b:ro,rslave\",\"vol:/c:nocopy\"],\"Tmpfs\":{\"/t\":\"\"},"
		"\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"80-90\"}]},"
		"\"Memory\":67108864,\"MemorySwap\":-1,\"CapAdd\":[\"ALL\"],\"MaskedPaths\":[],"
		"\"Devices\":[{\"PathOnHost\":\"/dev/null\"}],\"OomScoreAdj\":-5,"
		"\"Ulimits\":[{\"Name\":\"core\",\"Soft\":-1,\"Hard\":-1}],"
		"\"BlkioDeviceReadBps\":[{\"Path\":\"/dev/sda\",\"Rate\":7}],"
		"\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":2}}}";
	auto_str record = {0}, before = {0}, after = {0};
	auto_container_config sent = {0};
	struct container_config got;
	auto_json *root = NULL;

	assert_int_equal(json_parse(body, sizeof(body) - 1, &root, NULL), 0);
	assert_int_equal(create_decode(root, "n", NULL, &sent, NULL), 0);
	assert_int_equal(tagged_encode(container_config_record, &sent, &record), 0);
	assert_int_equal(
		tagged_decode(container_config_record, record.data, record.len, &got, sizeof(got)),
		0);
	write_record(&sent, &before);
	write_record(&got, &after);
	assert_string_equal(str_text(&before), str_text(&after));
	assert_string_equal(got.name, "n");
	assert_int_equal(got.ports[0].host_port_last, 90);
	tagged_release(container_config_record, &got);
}
