/*
 * Subnets: reading and writing them, which are taken, and the first one that is free.
 */
#pragma once

#include "base/error.h"
#include "kern/netlink.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct subnet {
	struct in_addr base; /* no bit below the prefix */
	unsigned prefix;     /* 1 to 30 */
};

#define SUBNET_TEXT_SIZE (INET_ADDRSTRLEN + 3)

int subnet_parse(const char *text, struct subnet *ret) MUST_CHECK;
const char *subnet_format(const struct subnet *subnet, char ret[SUBNET_TEXT_SIZE]);
bool subnet_overlap(const struct subnet *a, const struct subnet *b);
/* In network byte order. */
uint32_t subnet_mask(unsigned prefix);
/* The @number'th address of the subnet. */
struct in_addr subnet_address(const struct subnet *subnet, uint32_t number);

/* Chooses the first of the private pools (172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 and
 * on) that no route or address of this namespace touches; those of interface @except do not count.
 * ERROR_EXHAUSTED if there is none. */
int subnet_choose(struct netlink *route, uint32_t except, struct subnet *ret,
		  struct error *err) MUST_CHECK;

/* The subnet that interface @index has an address of: 1, or 0 if it has none, or -errno. */
int subnet_of_interface(struct netlink *route, uint32_t index, struct subnet *ret) MUST_CHECK;
