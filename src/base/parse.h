/*
 * Numbers from text, the whole text or nothing: no sign where none belongs, no blanks, no overflow.
 * All return 0, -EINVAL (not a number) or -ERANGE (a number, out of range); outputs only on
 * success.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stdint.h>

int parse_u64(const char *s, uint64_t *ret) MUST_CHECK;
int parse_i64(const char *s, int64_t *ret) MUST_CHECK;
/* @min <= number <= @max, decimal. */
int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret) MUST_CHECK;
/* Leading 0 or 0o or 0x are accepted for the base, as file modes and device numbers are written. */
int parse_mode(const char *s, uint32_t *ret) MUST_CHECK;
/* Docker's sizes: "512", "64k", "10m", "1.5g", "1gb", "2GiB"; the unit is a power of 1024. */
int parse_bytes(const char *s, uint64_t *ret) MUST_CHECK;
/* Docker's --cpus: decimal CPUs with up to nine places, as billionths. */
int parse_nano_cpus(const char *s, int64_t *ret) MUST_CHECK;
/* Go's strconv.ParseBool: 1 t T true TRUE True 0 f F false FALSE False. */
int parse_bool(const char *s, bool *ret) MUST_CHECK;
/* The value of one hexadecimal digit of either case, or -1. */
int parse_hex_digit(char c);
/* Lower-case hexadecimal digits only, exactly @len of them. */
bool parse_is_hex(const char *s, size_t len);
