/*
 * Compiler attributes and the cleanup idiom. No functions of its own; every file may include it.
 */
#pragma once

#include <stddef.h>

#define MUST_CHECK	   __attribute__((warn_unused_result))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN	   __attribute__((noreturn))
#define UNUSED		   __attribute__((unused))

/* Runs @func on the address of the variable when it leaves scope: CLEANUP(str_release) struct str s
 * = {0}; */
#define CLEANUP(func) __attribute__((cleanup(func)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define STREQ(a, b)   (__builtin_strcmp((a), (b)) == 0)

#define MIN(a, b)                                  \
	({                                         \
		__typeof__(a) min_a_ = (a);        \
		__typeof__(b) min_b_ = (b);        \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define MAX(a, b)                                  \
	({                                         \
		__typeof__(a) max_a_ = (a);        \
		__typeof__(b) max_b_ = (b);        \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

/* Hands the value of an owning variable over and leaves it empty, so that its cleanup does nothing.
 */
#define TAKE_PTR(p)                            \
	({                                     \
		__typeof__(p) *take_ = &(p);   \
		__typeof__(p) taken_ = *take_; \
		*take_ = NULL;                 \
		taken_;                        \
	})
#define TAKE_FD(fd)                  \
	({                           \
		int *take_ = &(fd);  \
		int taken_ = *take_; \
		*take_ = -EBADF;     \
		taken_;              \
	})
