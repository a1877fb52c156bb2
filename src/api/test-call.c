#include "api/call.h"
#include "base/fd.h"
#include "base/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct values {
	char *text;
};

static const struct tagged_field values_record[] = {
	{TAGGED_ROW_TEXT(1, struct values, text)},
	{0},
};

static const struct operation echo = {7, "echo", values_record, sizeof(struct values)};
static const struct operation stream = {8, "stream", NULL, 0};
static const struct operation hijack = {9, "hijack", NULL, 0};

static unsigned runs;

static int run_echo(struct call *call, const void *data, struct error *err)
{
	const struct values *values = data;
	auto_str document = {0};

	runs++;
	if (!values->text)
		return error_set(err, ERROR_CONFLICT, "nothing \"to\" say");
	assert_int_equal(call->peer.uid, geteuid());
	str_append(&document, values->text);
	return response_json(&call->response, 200, &document, err);
}

static int run_stream(struct call *call, const void *values, struct error *err)
{
	int r = response_stream(&call->response, 200, "application/json", err);

	(void)values;
	if (r == 0)
		r = response_write(&call->response, "abc", 3, err);
	return r == 0 ? error_set(err, ERROR_SYSTEM, "broken in the middle") : r;
}

static int run_hijack(struct call *call, const void *values, struct error *err)
{
	int r = response_hijack(&call->response, "application/vnd.docker.raw-stream", err);

	(void)values;
	return r == 0 ? response_send(&call->response, "raw", 3, err) : r;
}

static const struct call_handler handlers[] = {
	{&echo, run_echo}, {&stream, run_stream}, {&hijack, run_hijack}, {0}};

static char answer[4096];

static bool serve_on(int fd, int other, const struct operation_call *call)
{
	auto_str record = {0};
	bool again;
	ssize_t n;

	assert_int_equal(tagged_encode(operation_call_record, call, &record), 0);
	again = call_serve(handlers, NULL, NULL, fd, record.data, record.len);
	n = recv(other, answer, sizeof(answer) - 1, MSG_DONTWAIT);
	answer[n > 0 ? n : 0] = '\0';
	return again;
}

static bool serve(const struct operation_call *call)
{
	int pair[2];
	bool again;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	again = serve_on(pair[0], pair[1], call);
	(void)fd_close(pair[0]);
	(void)fd_close(pair[1]);
	return again;
}

static struct operation_call call_of(uint32_t number, const char *text)
{
	struct operation_call call = {.number = number, .version = 51, .keep_alive = true};
	struct values values = {.text = (char *)(uintptr_t)text};

	if (text)
		assert_int_equal(tagged_encode(values_record, &values, &call.values), 0);
	return call;
}

TEST(a_complete_answer_leaves_the_connection_for_another)
{
	auto_operation_call call = call_of(7, "{}");

	assert_true(serve(&call));
	assert_true(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
	assert_non_null(strstr(answer, "\r\nContent-Length: 2\r\n"));
	assert_null(strstr(answer, "Connection:"));
	call.keep_alive = false;
	assert_false(serve(&call));
	assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
}

TEST(a_head_request_has_the_head_alone)
{
	auto_operation_call call = call_of(7, "{}");

	call.head = true;
	assert_true(serve(&call));
	assert_string_equal(strstr(answer, "Content-Length"), "Content-Length: 2\r\n\r\n");
}

TEST(a_failure_is_a_status_and_a_message)
{
	auto_operation_call call = call_of(7, NULL);

	assert_true(serve(&call));
	assert_true(strncmp(answer, "HTTP/1.1 409 Conflict\r\n", 23) == 0);
	assert_string_equal(strstr(answer, "\r\n\r\n"),
			    "\r\n\r\n{\"message\":\"nothing \\\"to\\\" say\"}\n");
}

TEST(a_failure_in_the_middle_of_a_stream_leaves_it_without_an_end)
{
	auto_operation_call call = call_of(8, NULL);

	assert_false(serve(&call));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n3\r\nabc\r\n");
	call.http10 = true;
	assert_false(serve(&call));
	assert_null(strstr(answer, "chunked"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\nabc");
}

TEST(both_forms_of_a_hijack_are_spoken)
{
	auto_operation_call call = call_of(9, NULL);

	call.upgrade = true;
	assert_false(serve(&call));
	assert_true(strncmp(answer, "HTTP/1.1 101 UPGRADED\r\n", 23) == 0);
	assert_non_null(strstr(answer, "\r\nUpgrade: tcp\r\n"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\nraw");
	call.upgrade = false;
	assert_false(serve(&call));
	assert_true(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
	assert_null(strstr(answer, "Upgrade"));
	assert_null(strstr(answer, "Content-Length"));
}

TEST(a_damaged_record_runs_nothing)
{
	auto_operation_call call = call_of(7, "{}");
	auto_operation_call unknown = call_of(1000, NULL);

	runs = 0;
	str_append(&call.values, "x");
	(void)serve(&call);
	assert_true(strncmp(answer, "HTTP/1.1 500 ", 13) == 0);
	(void)serve(&unknown);
	assert_true(strncmp(answer, "HTTP/1.1 501 ", 13) == 0);
	assert_false(call_serve(handlers, NULL, NULL, -1, "x", 1));
	assert_int_equal(runs, 0);
}

TEST(only_a_clients_connection_is_served)
{
	auto_operation_call call = call_of(7, "{}");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int pair[2], listener, memory;

	runs = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	(void)serve_on(pair[0], pair[1], &call);
	assert_true(strncmp(answer, "HTTP/1.1 403 ", 13) == 0);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	(void)serve_on(listener, pair[1], &call);
	memory = memfd_create("x", MFD_CLOEXEC);
	(void)serve_on(memory, pair[1], &call);
	assert_int_equal(runs, 0);
	(void)fd_close(pair[0]);
	(void)fd_close(pair[1]);
	(void)fd_close(listener);
	(void)fd_close(memory);
}
