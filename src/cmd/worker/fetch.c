/*
 * kist-worker-fetch: one image from one registry (registry/fetch-wire says how it is told, and
 * answers).
 *
 * It alone of the workers has the network. Of files it sees four small ones, copied into its empty
 * root before the sandbox closes: the certificates it trusts and what the resolver needs. Layers
 * come side by side over connections of their own and leave through pipes; nothing is kept.
 */
#include "cmd/worker/worker.h"

#include "base/fd.h"
#include "base/mem.h"
#include "codec/sha256.h"
#include "io/http-fetch.h"
#include "io/worker.h"
#include "registry/fetch-wire.h"
#include "registry/resolve.h"
#include "registry/session.h"
#include "registry/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>

#define CA_FILE	      "/ca.pem"
#define CA_MAX	      (8u << 20)
#define RESOLVER_MAX  (1u << 20)
#define MEMORY_MAX    (256u << 20)
#define IDLE_MS	      1000
#define RESOLVER_FILE "hosts: files dns\n"

/* Sockets, TLS and the resolver's thread, which libcurl starts for each name. */
static const int system_calls[] = {
	SYS_read,	  SYS_readv,	      SYS_write,	 SYS_writev,
	SYS_lseek,	  SYS_close,	      SYS_openat,	 SYS_newfstatat,
	SYS_fstat,	  SYS_fcntl,	      SYS_ioctl,	 SYS_socket,
	SYS_socketpair,	  SYS_connect,	      SYS_bind,		 SYS_getsockname,
	SYS_getpeername,  SYS_getsockopt,     SYS_setsockopt,	 SYS_sendto,
	SYS_sendmsg,	  SYS_sendmmsg,	      SYS_recvfrom,	 SYS_recvmsg,
	SYS_shutdown,	  SYS_ppoll,	      SYS_brk,		 SYS_mmap,
	SYS_munmap,	  SYS_mremap,	      SYS_mprotect,	 SYS_madvise,
	SYS_futex,	  SYS_clone,	      SYS_clone3,	 SYS_set_robust_list,
	SYS_rseq,	  SYS_getrandom,      SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_nanosleep,	  SYS_gettimeofday,   SYS_exit,		 SYS_exit_group,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,	 SYS_restart_syscall,
	SYS_getpid,	  SYS_gettid,	      SYS_tgkill,	 SYS_uname,
#ifdef SYS_poll
	SYS_poll,	  SYS_open,	      SYS_stat,
#endif
};

enum { FILE_CA, FILE_HOSTS, FILE_RESOLV, FILE_SWITCH, FILE_COUNT };

static struct sandbox_file files[FILE_COUNT] = {
	[FILE_CA] = {.path = "ca.pem"},
	[FILE_HOSTS] = {.path = "etc/hosts"},
	[FILE_RESOLV] = {.path = "etc/resolv.conf"},
	[FILE_SWITCH] = {.path = "etc/nsswitch.conf",
			 .data = RESOLVER_FILE,
			 .len = sizeof(RESOLVER_FILE) - 1},
};
static struct http *http;

static int read_whole(const char *path, size_t max, struct sandbox_file *ret)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *data;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, max, &data, &ret->len);
	if (r < 0)
		return r;
	ret->data = data;
	return 0;
}

/* Without certificates https fails later, with a sentence; loopback registries do without. */
static int read_certificates(const char *named, struct error *err)
{
	static const char *const bundles[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
		"/etc/ssl/ca-bundle.pem",	      /* SUSE */
		"/etc/ssl/cert.pem",
	};
	int r;

	if (named) {
		r = read_whole(named, CA_MAX, &files[FILE_CA]);
		return r < 0 ? error_errno(err, r, "read the certificates in %s ($SSL_CERT_FILE)",
					   named)
			     : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++)
		if (read_whole(bundles[i], CA_MAX, &files[FILE_CA]) == 0)
			return 0;
	return 0;
}

/* Older C libraries load the modules behind nsswitch.conf when they first look something up. */
static void load_resolver(void)
{
	struct addrinfo *found = NULL;

	if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
}

static int prepare(char **args, struct sandbox *sandbox, struct error *err)
{
	auto_sha256 hash = {0};
	int r;

	r = sha256_init(&hash);
	if (r < 0)
		return error_errno(err, r, "prepare SHA-256");
	r = read_certificates(args[0], err);
	if (r < 0)
		return r;
	/* A machine may do without either. */
	(void)!read_whole("/etc/hosts", RESOLVER_MAX, &files[FILE_HOSTS]);
	(void)!read_whole("/etc/resolv.conf", RESOLVER_MAX, &files[FILE_RESOLV]);
	load_resolver();
	r = http_new(CA_FILE, &http);
	if (r < 0)
		return error_errno(err, r, "prepare libcurl");
	sandbox->files = files;
	sandbox->file_count = FILE_COUNT;
	return 0;
}

static void send_document(enum fetch_document_role role, const struct document *document)
{
	struct fetch_document head = {
		.role = role, .type = document->type, .size = document->text.len};

	memcpy(head.digest, document->digest, sizeof(head.digest));
	worker_send(FETCH_DOCUMENT, &head, sizeof(head));
	worker_send_text(str_text(&document->text), document->text.len);
}

static void send_resolved(const struct resolved *resolved)
{
	struct fetch_resolved end = {0};

	send_document(FETCH_MANIFEST, &resolved->manifest);
	send_document(FETCH_CONFIG, &resolved->config);
	for (size_t i = 0; i < resolved->image.part_count; i++) {
		const struct image_descriptor *part = &resolved->image.parts[i];
		struct fetch_layer layer = {.type = part->type, .size = part->size};

		memcpy(layer.digest, part->digest, sizeof(layer.digest));
		worker_send(FETCH_LAYER, &layer, sizeof(layer));
	}
	memcpy(end.named, resolved->named.digest, sizeof(end.named));
	worker_send(FETCH_RESOLVED, &end, sizeof(end));
}

/* The blobs that are on their way. */
struct blobs {
	struct session *session;
	const struct image_manifest *image;
	struct transfer *running[FETCH_BLOBS_MAX];
	size_t count;
};

static int start_blob(struct blobs *blobs, const struct imsg *message, int fd, struct error *err)
{
	auto_fd int pipe_fd = fd;
	const struct image_descriptor *part;
	struct fetch_blob blob;
	int r;

	if (pipe_fd < 0 || !blobs->image->parts ||
	    !fetch_blob_valid(message, blobs->image->part_count) || blobs->count == FETCH_BLOBS_MAX)
		return error_set(err, ERROR_SYSTEM, "kist-worker fetch was told what it cannot do");
	memcpy(&blob, message->data, sizeof(blob));
	part = &blobs->image->parts[blob.layer];
	r = transfer_start(blobs->session, part->digest, part->size, TAKE_FD(pipe_fd),
			   &blobs->running[blobs->count], err);
	if (r < 0)
		return r;
	blobs->count++;
	return 0;
}

/* 1: kist has closed its end, and all is said. */
static int hear(struct blobs *blobs, struct imsg *message, struct error *err)
{
	int fd, r;

	r = imsg_receive_fd(WORKER_CONTROL, message, false, &fd);
	if (r == -EAGAIN)
		return 0;
	if (r == 0)
		return 1;
	if (r < 0)
		return error_errno(err, r, "hear from kist");
	return start_blob(blobs, message, fd, err);
}

static int advance(struct blobs *blobs, struct error *err)
{
	size_t left = 0;
	int r = 0;

	for (size_t i = 0; i < blobs->count && r >= 0; i++) {
		struct transfer *transfer = blobs->running[i];

		r = transfer_advance(transfer, err);
		if (r == 1)
			transfer_free(transfer);
		else
			blobs->running[left++] = transfer;
	}
	if (r < 0)
		return r;
	blobs->count = left;
	return 0;
}

static int serve_blobs(struct blobs *blobs, struct imsg *message, struct error *err)
{
	struct http_wait waits[FETCH_BLOBS_MAX + 1];
	int timeout, r;

	for (;;) {
		timeout = IDLE_MS;
		waits[0] = (struct http_wait) {.fd = WORKER_CONTROL, .events = POLLIN};
		for (size_t i = 0; i < blobs->count; i++) {
			int wake = transfer_timeout(blobs->running[i]);

			transfer_wait(blobs->running[i], &waits[i + 1]);
			timeout = wake >= 0 ? MIN(timeout, wake) : timeout;
		}
		r = http_step(http, waits, blobs->count + 1, timeout);
		if (r < 0)
			return error_errno(err, r, "wait for the registry");
		r = advance(blobs, err);
		if (r == 0 && waits[0].revents)
			r = hear(blobs, message, err);
		if (r != 0)
			return r;
	}
}

static int fetch_image(const struct fetch_job *job, struct imsg *message, struct error *err)
{
	auto_session session = {
		.http = http,
		.repository = job->repository,
		.name = job->name,
		.username = job->username,
		.password = job->password[0] ? job->password : NULL,
		.refresh_token = job->refresh_token[0] ? job->refresh_token : NULL,
	};
	auto_resolved resolved = {0};
	struct blobs blobs = {.session = &session, .image = &resolved.image};
	int r;

	if (job->proxy[0])
		http_use_proxy(http, job->proxy, job->no_proxy);
	r = session_open(&session, job->domain, err);
	if (r == 0)
		r = resolve(&session, job->reference, &job->platform, &resolved, err);
	if (r < 0)
		return r;
	send_resolved(&resolved);
	return serve_blobs(&blobs, message, err);
}

static int run(char **args UNUSED, struct error *err)
{
	auto_free struct imsg *message = mem_alloc(sizeof(*message));
	auto_free struct fetch_job *job = NULL;
	int r;

	r = imsg_receive(WORKER_CONTROL, message, true);
	if (r <= 0 || !fetch_job_valid(message))
		return error_set(err, ERROR_SYSTEM, "kist-worker fetch was given no job");
	job = mem_copy(message->data, sizeof(*job));
	r = fetch_image(job, message, err);
	return r < 0 ? r : 0;
}

static const struct role role_fetch = {
	.name = "fetch",
	.sandbox =
		{
			.network = true,
			.memory = MEMORY_MAX,
			.system_calls = system_calls,
			.system_call_count = ARRAY_SIZE(system_calls),
		},
	.prepare = prepare,
	.run = run,
};

const struct role *const worker_roles[] = {&role_fetch, NULL};
