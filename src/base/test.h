/*
 * Unit tests: TEST(a_sentence_that_would_be_false_if_it_broke) { ... } and nothing else.
 *
 * Include this in a test-*.c only: it defines main(), which runs every TEST of the file with
 * cmocka. A test that cannot run here calls skip() after print_message() has said why.
 */
#pragma once

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST_MAX 256

static struct CMUnitTest test_list[TEST_MAX];
static size_t test_count;

#define TEST(sentence)                                                                         \
	static void test_##sentence(void **state UNUSED);                                      \
	static __attribute__((constructor)) void test_register_##sentence(void)                \
	{                                                                                      \
		if (test_count == TEST_MAX)                                                    \
			__builtin_abort();                                                     \
		test_list[test_count++] =                                                      \
			(struct CMUnitTest) {.name = #sentence, .test_func = test_##sentence}; \
	}                                                                                      \
	static void test_##sentence(void **state UNUSED)

int main(void)
{
	return _cmocka_run_group_tests("unit", test_list, test_count, NULL, NULL);
}
