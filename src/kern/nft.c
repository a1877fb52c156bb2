#include "kern/nft.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define CREATE (NLM_F_ACK | NLM_F_CREATE)
/* A list of elements is one attribute of 64 KiB at most, and an element takes 60 bytes. */
#define ELEMENTS_PER_MESSAGE 512
/* nft packs the types of a concatenation into one number, six bits each. */
#define TYPE_BITS 6

static void begin(struct netlink_batch *batch, uint16_t type, uint16_t flags)
{
	struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};

	netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &header,
		      sizeof(header));
}

static void mark_transaction(struct netlink_batch *batch, uint16_t type)
{
	struct nfgenmsg header = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

	netlink_begin(batch, type, 0, &header, sizeof(header));
}

void nft_begin(struct nft *nft, const char *table)
{
	*nft = (struct nft) {.table = table};
	mark_transaction(&nft->batch, NFNL_MSG_BATCH_BEGIN);
}

void nft_release(struct nft *nft)
{
	netlink_batch_release(&nft->batch);
}

int nft_commit(struct nft *nft, struct netlink *netlink)
{
	mark_transaction(&nft->batch, NFNL_MSG_BATCH_END);
	return netlink_run(netlink, &nft->batch, NULL);
}

static int take_table(const struct netlink_message *message, void *arg)
{
	bool *found = arg;

	*found = message->type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE);
	return 0;
}

int nft_table_exists(struct netlink *netlink, const char *table)
{
	auto_batch batch = {0};
	bool found = false;
	int r;

	begin(&batch, NFT_MSG_GETTABLE, NLM_F_ACK);
	netlink_put_text(&batch, NFTA_TABLE_NAME, table);
	r = netlink_query(netlink, &batch, take_table, &found);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : found;
}

void nft_table_add(struct nft *nft)
{
	begin(&nft->batch, NFT_MSG_NEWTABLE, CREATE);
	netlink_put_text(&nft->batch, NFTA_TABLE_NAME, nft->table);
}

void nft_table_delete(struct nft *nft)
{
	begin(&nft->batch, NFT_MSG_DELTABLE, NLM_F_ACK);
	netlink_put_text(&nft->batch, NFTA_TABLE_NAME, nft->table);
}

void nft_chain_add(struct nft *nft, const char *chain)
{
	begin(&nft->batch, NFT_MSG_NEWCHAIN, CREATE);
	netlink_put_text(&nft->batch, NFTA_CHAIN_TABLE, nft->table);
	netlink_put_text(&nft->batch, NFTA_CHAIN_NAME, chain);
}

void nft_chain_add_base(struct nft *nft, const char *chain, const char *type, uint32_t hook,
			int32_t priority)
{
	size_t nest;

	nft_chain_add(nft, chain);
	nest = netlink_nest(&nft->batch, NFTA_CHAIN_HOOK);
	netlink_put_be32(&nft->batch, NFTA_HOOK_HOOKNUM, hook);
	netlink_put_be32(&nft->batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	netlink_nest_end(&nft->batch, nest);
	netlink_put_text(&nft->batch, NFTA_CHAIN_TYPE, type);
	netlink_put_be32(&nft->batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

static void put_type(struct netlink_batch *batch, const enum nft_type *types, uint16_t type_attr,
		     uint16_t len_attr)
{
	uint32_t type = 0, fields = 0;

	for (; types[fields]; fields++)
		type = type << TYPE_BITS | types[fields];
	netlink_put_be32(batch, type_attr, type);
	netlink_put_be32(batch, len_attr, fields * sizeof(uint32_t));
}

void nft_map_add(struct nft *nft, const char *map, const enum nft_type *key,
		 const enum nft_type *value)
{
	begin(&nft->batch, NFT_MSG_NEWSET, CREATE);
	netlink_put_text(&nft->batch, NFTA_SET_TABLE, nft->table);
	netlink_put_text(&nft->batch, NFTA_SET_NAME, map);
	netlink_put_be32(&nft->batch, NFTA_SET_FLAGS, NFT_SET_MAP);
	put_type(&nft->batch, key, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN);
	put_type(&nft->batch, value, NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN);
	netlink_put_be32(&nft->batch, NFTA_SET_ID, ++nft->sets);
}

static void put_data(struct netlink_batch *batch, uint16_t type, const void *data, size_t len)
{
	size_t nest = netlink_nest(batch, type);

	netlink_put(batch, NFTA_DATA_VALUE, data, len);
	netlink_nest_end(batch, nest);
}

static void put_elements(struct nft *nft, const char *map, const struct nft_element *elements,
			 size_t count, unsigned keys, unsigned values)
{
	size_t list, item;

	netlink_put_text(&nft->batch, NFTA_SET_ELEM_LIST_TABLE, nft->table);
	netlink_put_text(&nft->batch, NFTA_SET_ELEM_LIST_SET, map);
	list = netlink_nest(&nft->batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < count; i++) {
		item = netlink_nest(&nft->batch, NFTA_LIST_ELEM);
		put_data(&nft->batch, NFTA_SET_ELEM_KEY, elements[i].key, keys * sizeof(uint32_t));
		if (values)
			put_data(&nft->batch, NFTA_SET_ELEM_DATA, elements[i].value,
				 values * sizeof(uint32_t));
		netlink_nest_end(&nft->batch, item);
	}
	netlink_nest_end(&nft->batch, list);
}

void nft_elements_add(struct nft *nft, const char *map, const struct nft_element *elements,
		      size_t count, unsigned keys, unsigned values)
{
	assert(keys <= ARRAY_SIZE(elements->key) && values <= ARRAY_SIZE(elements->value));
	for (size_t at = 0, n; at < count; at += n) {
		n = MIN(count - at, (size_t)ELEMENTS_PER_MESSAGE);
		begin(&nft->batch, NFT_MSG_NEWSETELEM, CREATE);
		put_elements(nft, map, elements + at, n, keys, values);
	}
}

void nft_elements_delete(struct nft *nft, const char *map, const struct nft_element *elements,
			 size_t count, unsigned keys)
{
	assert(keys <= ARRAY_SIZE(elements->key));
	for (size_t at = 0, n; at < count; at += n) {
		n = MIN(count - at, (size_t)ELEMENTS_PER_MESSAGE);
		begin(&nft->batch, NFT_MSG_DELSETELEM, NLM_F_ACK);
		put_elements(nft, map, elements + at, n, keys, 0);
	}
}

void nft_rule_begin(struct nft *nft, const char *chain)
{
	begin(&nft->batch, NFT_MSG_NEWRULE, CREATE | NLM_F_APPEND);
	netlink_put_text(&nft->batch, NFTA_RULE_TABLE, nft->table);
	netlink_put_text(&nft->batch, NFTA_RULE_CHAIN, chain);
	nft->rule = netlink_nest(&nft->batch, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft *nft)
{
	netlink_nest_end(&nft->batch, nft->rule);
}

static size_t begin_expression(struct nft *nft, const char *name)
{
	nft->list = netlink_nest(&nft->batch, NFTA_LIST_ELEM);
	netlink_put_text(&nft->batch, NFTA_EXPR_NAME, name);
	return netlink_nest(&nft->batch, NFTA_EXPR_DATA);
}

static void end_expression(struct nft *nft, size_t data)
{
	netlink_nest_end(&nft->batch, data);
	netlink_nest_end(&nft->batch, nft->list);
}

static void put_register(struct nft *nft, uint16_t type, unsigned reg)
{
	assert(reg <= NFT_REG32_15 - NFT_REG32_00);
	netlink_put_be32(&nft->batch, type, NFT_REG32_00 + reg);
}

void nft_load_meta(struct nft *nft, unsigned reg, uint32_t key)
{
	size_t data = begin_expression(nft, "meta");

	put_register(nft, NFTA_META_DREG, reg);
	netlink_put_be32(&nft->batch, NFTA_META_KEY, key);
	end_expression(nft, data);
}

void nft_load_ct(struct nft *nft, unsigned reg, uint32_t key)
{
	size_t data = begin_expression(nft, "ct");

	put_register(nft, NFTA_CT_DREG, reg);
	netlink_put_be32(&nft->batch, NFTA_CT_KEY, key);
	end_expression(nft, data);
}

void nft_load_daddr_type(struct nft *nft, unsigned reg)
{
	size_t data = begin_expression(nft, "fib");

	put_register(nft, NFTA_FIB_DREG, reg);
	netlink_put_be32(&nft->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	netlink_put_be32(&nft->batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	end_expression(nft, data);
}

static void load_payload(struct nft *nft, unsigned reg, uint32_t base, uint32_t offset,
			 uint32_t len)
{
	size_t data = begin_expression(nft, "payload");

	put_register(nft, NFTA_PAYLOAD_DREG, reg);
	netlink_put_be32(&nft->batch, NFTA_PAYLOAD_BASE, base);
	netlink_put_be32(&nft->batch, NFTA_PAYLOAD_OFFSET, offset);
	netlink_put_be32(&nft->batch, NFTA_PAYLOAD_LEN, len);
	end_expression(nft, data);
}

/* Offsets: RFC 791, section 3.1. */
void nft_load_saddr(struct nft *nft, unsigned reg, unsigned bytes)
{
	load_payload(nft, reg, NFT_PAYLOAD_NETWORK_HEADER, 12, bytes);
}

void nft_load_daddr(struct nft *nft, unsigned reg, unsigned bytes)
{
	load_payload(nft, reg, NFT_PAYLOAD_NETWORK_HEADER, 16, bytes);
}

/* At the same place in TCP, UDP and SCTP. */
void nft_load_dport(struct nft *nft, unsigned reg)
{
	load_payload(nft, reg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
}

void nft_match(struct nft *nft, unsigned reg, bool equal, const void *value, size_t len)
{
	size_t data = begin_expression(nft, "cmp");

	put_register(nft, NFTA_CMP_SREG, reg);
	netlink_put_be32(&nft->batch, NFTA_CMP_OP, equal ? NFT_CMP_EQ : NFT_CMP_NEQ);
	put_data(&nft->batch, NFTA_CMP_DATA, value, len);
	end_expression(nft, data);
}

void nft_mask(struct nft *nft, unsigned reg, uint32_t mask)
{
	uint32_t zero = 0;
	size_t data = begin_expression(nft, "bitwise");

	put_register(nft, NFTA_BITWISE_SREG, reg);
	put_register(nft, NFTA_BITWISE_DREG, reg);
	netlink_put_be32(&nft->batch, NFTA_BITWISE_LEN, sizeof(mask));
	put_data(&nft->batch, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_data(&nft->batch, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	end_expression(nft, data);
}

void nft_match_bits(struct nft *nft, unsigned reg, uint32_t bits)
{
	uint32_t zero = 0;

	nft_mask(nft, reg, bits);
	nft_match(nft, reg, false, &zero, sizeof(zero));
}

void nft_match_interface(struct nft *nft, uint32_t key, bool equal, const char *name)
{
	char padded[IFNAMSIZ] = {0};
	size_t len = strlen(name);

	assert(len < sizeof(padded));
	memcpy(padded, name, len);
	nft_load_meta(nft, 0, key);
	nft_match(nft, 0, equal, padded, sizeof(padded));
}

void nft_lookup(struct nft *nft, const char *map, unsigned reg)
{
	size_t data = begin_expression(nft, "lookup");

	netlink_put_text(&nft->batch, NFTA_LOOKUP_SET, map);
	put_register(nft, NFTA_LOOKUP_SREG, reg);
	put_register(nft, NFTA_LOOKUP_DREG, reg);
	end_expression(nft, data);
}

void nft_dnat(struct nft *nft, unsigned reg)
{
	size_t data = begin_expression(nft, "nat");

	netlink_put_be32(&nft->batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_put_be32(&nft->batch, NFTA_NAT_FAMILY, NFPROTO_IPV4);
	put_register(nft, NFTA_NAT_REG_ADDR_MIN, reg);
	put_register(nft, NFTA_NAT_REG_PROTO_MIN, reg + 1);
	end_expression(nft, data);
}

void nft_masquerade(struct nft *nft)
{
	size_t data = begin_expression(nft, "masq");

	end_expression(nft, data);
}

void nft_verdict(struct nft *nft, int verdict, const char *chain)
{
	size_t data = begin_expression(nft, "immediate");
	size_t value, nest;

	netlink_put_be32(&nft->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = netlink_nest(&nft->batch, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(&nft->batch, NFTA_DATA_VERDICT);
	netlink_put_be32(&nft->batch, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		netlink_put_text(&nft->batch, NFTA_VERDICT_CHAIN, chain);
	netlink_nest_end(&nft->batch, nest);
	netlink_nest_end(&nft->batch, value);
	end_expression(nft, data);
}
