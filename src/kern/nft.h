/*
 * nftables: one transaction of tables, chains, maps, elements and rules, spoken to the kernel
 * directly.
 *
 * nft_begin() and nft_commit() enclose it; what is between happens as a whole or not at all. Rules
 * are rows of expressions between nft_rule_begin() and nft_rule_end(), which work on registers as
 * the kernel's virtual machine has them: `nft --debug=netlink list ruleset` prints the same words.
 * Everything is of family ip. Source: <linux/netfilter/nf_tables.h>, net/netfilter/nft_*.c.
 */
#pragma once

#include "kern/netlink.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct nft {
	struct netlink_batch batch;
	const char *table; /* not owned; all objects are its */
	uint32_t sets;	   /* number within the transaction */
	size_t list, rule; /* open attributes */
};

/* @table must outlive the transaction. */
void nft_begin(struct nft *nft, const char *table);
void nft_release(struct nft *nft);
#define auto_nft CLEANUP(nft_release) struct nft

/* Sends the transaction. 0, or -errno and nothing changed. */
int nft_commit(struct nft *nft, struct netlink *netlink) MUST_CHECK;

/* 1 if the table is there, 0 if not. */
int nft_table_exists(struct netlink *netlink, const char *table) MUST_CHECK;
/* Not an error if it is there. */
void nft_table_add(struct nft *nft);
/* With everything in it; -ENOENT if it is not there. */
void nft_table_delete(struct nft *nft);

void nft_chain_add(struct nft *nft, const char *chain);
/* @type: "filter" or "nat"; @hook: NF_INET_*. Policy accept. */
void nft_chain_add_base(struct nft *nft, const char *chain, const char *type, uint32_t hook,
			int32_t priority);

/* What nft calls the types of keys and values, so that it can show them. */
enum nft_type {
	NFT_TYPE_IPV4_ADDR = 7,
	NFT_TYPE_INET_PROTO = 12,
	NFT_TYPE_INET_SERVICE = 13,
};

/* A map from a concatenation to another; both lists end with 0. */
void nft_map_add(struct nft *nft, const char *map, const enum nft_type *key,
		 const enum nft_type *value);

/* Concatenations are rows of 32-bit fields, each value in network byte order at the beginning of
 * its field. */
struct nft_element {
	uint32_t key[3];
	uint32_t value[2];
};

/* Adds or deletes elements of @map, with @keys and @values fields each; values are not looked at
 * when deleting. Adding what is there with another value (-EEXIST, -EBUSY) and deleting what is
 * not (-ENOENT) fail the transaction. */
void nft_elements_add(struct nft *nft, const char *map, const struct nft_element *elements,
		      size_t count, unsigned keys, unsigned values);
void nft_elements_delete(struct nft *nft, const char *map, const struct nft_element *elements,
			 size_t count, unsigned keys);

void nft_rule_begin(struct nft *nft, const char *chain);
void nft_rule_end(struct nft *nft);

/* Registers: 0 to 15, four bytes each, counted from NFT_REG32_00. */
void nft_load_meta(struct nft *nft, unsigned reg, uint32_t key); /* NFT_META_* */
void nft_load_ct(struct nft *nft, unsigned reg, uint32_t key);	 /* NFT_CT_* */
void nft_load_daddr_type(struct nft *nft, unsigned reg);	 /* fib daddr type */
void nft_load_saddr(struct nft *nft, unsigned reg, unsigned bytes);
void nft_load_daddr(struct nft *nft, unsigned reg, unsigned bytes);
void nft_load_dport(struct nft *nft, unsigned reg);
/* Goes on only if the register equals (does not equal) the bytes. */
void nft_match(struct nft *nft, unsigned reg, bool equal, const void *data, size_t len);
/* Keeps of the register what is in @mask, as its bytes lie in memory. */
void nft_mask(struct nft *nft, unsigned reg, uint32_t mask);
/* Goes on only if the register has one of the bits. */
void nft_match_bits(struct nft *nft, unsigned reg, uint32_t bits);
/* The whole name. @key: NFT_META_IIFNAME, NFT_META_OIFNAME. */
void nft_match_interface(struct nft *nft, uint32_t key, bool equal, const char *name);
/* Goes on only if the map has the concatenation that begins at @reg; puts the value there. */
void nft_lookup(struct nft *nft, const char *map, unsigned reg);
/* Address in @reg, port in the next. */
void nft_dnat(struct nft *nft, unsigned reg);
void nft_masquerade(struct nft *nft);
/* NF_ACCEPT, NF_DROP, or NFT_JUMP with a chain. */
void nft_verdict(struct nft *nft, int verdict, const char *chain);
