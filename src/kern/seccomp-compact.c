/*
 * Theory of operation: the program is followed once for each architecture that it asks for (and
 * once for all others) with an interval of numbers instead of one number; comparisons split the
 * interval. A path ends at a return, or at the first look at an argument. What follows there is
 * kept as code, in its order; the way there is written anew.
 *
 * The new program is written backwards, so that the targets of every jump are there already. A
 * conditional jump reaches 255 instructions; a target further away gets a stand-in nearby.
 */
#include "kern/seccomp-compact.h"

#include "base/mem.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ARCHITECTURES_MAX   8
#define REACH		    250 /* of a conditional jump, less what may come in between */
#define NOWHERE		    SIZE_MAX

#define OFFSET_NUMBER	    offsetof(struct seccomp_data, nr)
#define OFFSET_ARCHITECTURE offsetof(struct seccomp_data, arch)
#define LOAD		    (BPF_LD | BPF_W | BPF_ABS)

/* What the accumulator holds while no argument has been looked at. */
enum held {
	HELD_NOTHING,
	HELD_ARCHITECTURE,
	HELD_NUMBER,
};

struct interval {
	uint32_t first;
	size_t end; /* the instruction of the old program that its path ends at */
};

struct compactor {
	const struct sock_filter *old;
	size_t old_len;
	uint32_t architectures[ARCHITECTURES_MAX];
	size_t architecture_count;
	struct interval intervals[BPF_MAXINSNS];
	size_t interval_count;
	bool lost; /* something that this cannot follow */
	bool *kept;
	struct sock_filter *back; /* the new program, last instruction first */
	size_t back_len;
	size_t *places; /* of each old instruction in @back; NOWHERE */
};

/* Whether a path ends here: an answer, or a look at an argument. */
static bool is_end(const struct sock_filter *i)
{
	return i->code == (BPF_RET | BPF_K) ||
	       (i->code == LOAD && i->k != OFFSET_NUMBER && i->k != OFFSET_ARCHITECTURE);
}

static void add_architecture(struct compactor *c, uint32_t architecture)
{
	for (size_t i = 0; i < c->architecture_count; i++)
		if (c->architectures[i] == architecture)
			return;
	if (c->architecture_count == ARCHITECTURES_MAX)
		c->lost = true;
	else
		c->architectures[c->architecture_count++] = architecture;
}

/* The architectures that are asked for. Jumps lead forward only, so one pass sees what every
 * instruction may hold when it is reached. */
static void find_architectures(struct compactor *c)
{
	auto_free uint8_t *held = mem_zero(c->old_len, sizeof(*held));

	held[0] = 1 << HELD_NOTHING;
	for (size_t pc = 0; pc < c->old_len; pc++) {
		const struct sock_filter *i = &c->old[pc];
		uint8_t now = held[pc];

		if (!now || is_end(i))
			continue;
		if (i->code == (BPF_JMP | BPF_JA)) {
			held[pc + 1 + i->k] |= now;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			held[pc + 1 + i->jt] |= now;
			held[pc + 1 + i->jf] |= now;
			if (now & 1 << HELD_ARCHITECTURE && BPF_OP(i->code) == BPF_JEQ)
				add_architecture(c, i->k);
		} else if (i->code == LOAD) {
			held[pc + 1] |=
				1 << (i->k == OFFSET_NUMBER ? HELD_NUMBER : HELD_ARCHITECTURE);
		} else {
			c->lost = true;
		}
	}
}

static void add_interval(struct compactor *c, uint32_t first, size_t end)
{
	struct interval *last = c->interval_count ? &c->intervals[c->interval_count - 1] : NULL;
	const struct sock_filter *a, *b = &c->old[end];

	if (last) {
		a = &c->old[last->end];
		if (last->end == end ||
		    (a->code == (BPF_RET | BPF_K) && b->code == a->code && b->k == a->k))
			return;
	}
	if (c->interval_count == ARRAY_SIZE(c->intervals))
		c->lost = true;
	else
		c->intervals[c->interval_count++] = (struct interval) {first, end};
}

/* One number where the path parts: below it one way, from it on the other. */
struct fork {
	uint64_t at;
	size_t below, above;
};

static bool find_fork(const struct sock_filter *i, size_t pc, struct fork *ret)
{
	size_t yes = pc + 1 + i->jt, no = pc + 1 + i->jf;

	switch (i->code) {
	case BPF_JMP | BPF_JGE | BPF_K:
		*ret = (struct fork) {i->k, no, yes};
		return true;
	case BPF_JMP | BPF_JGT | BPF_K:
		*ret = (struct fork) {(uint64_t)i->k + 1, no, yes};
		return true;
	default:
		return false;
	}
}

/* Follows the numbers from @first to @last from @pc on; @architecture NULL: none of those asked
 * for. Intervals come out in order. */
static void follow(struct compactor *c, size_t pc, enum held held, const uint32_t *architecture,
		   uint64_t first, uint64_t last)
{
	while (!c->lost && first <= last) {
		const struct sock_filter *i = &c->old[pc];
		struct fork fork;

		if (is_end(i)) {
			add_interval(c, (uint32_t)first, pc);
			return;
		}
		if (i->code == LOAD) {
			held = i->k == OFFSET_NUMBER ? HELD_NUMBER : HELD_ARCHITECTURE;
			pc++;
		} else if (i->code == (BPF_JMP | BPF_JA)) {
			pc += 1 + i->k;
		} else if (held == HELD_ARCHITECTURE && i->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			pc += 1 + (architecture && *architecture == i->k ? i->jt : i->jf);
		} else if (held == HELD_NUMBER && i->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
			if (i->k > first)
				follow(c, pc + 1 + i->jf, held, architecture, first,
				       MIN(last, (uint64_t)i->k - 1));
			if (i->k >= first && i->k <= last)
				follow(c, pc + 1 + i->jt, held, architecture, i->k, i->k);
			pc += 1 + i->jf;
			first = MAX(first, (uint64_t)i->k + 1);
		} else if (held == HELD_NUMBER && find_fork(i, pc, &fork)) {
			if (fork.at > first)
				follow(c, fork.below, held, architecture, first,
				       MIN(last, fork.at - 1));
			pc = fork.above;
			first = MAX(first, fork.at);
		} else {
			c->lost = true;
		}
	}
}

static size_t emit(struct compactor *c, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (c->back_len == c->old_len) {
		c->lost = true; /* not smaller */
		return 0;
	}
	c->back[c->back_len] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
	return c->back_len++;
}

/* How many instructions the next one has to skip to come to @place. */
static size_t skip_to(const struct compactor *c, size_t place)
{
	return c->back_len - place - 1;
}

/* @place, or a stand-in for it that a conditional jump reaches. */
static size_t near(struct compactor *c, size_t place)
{
	const struct sock_filter *i = &c->back[place];

	if (c->lost || skip_to(c, place) <= REACH)
		return place;
	if (i->code == (BPF_RET | BPF_K))
		return emit(c, i->code, i->k, 0, 0);
	return emit(c, BPF_JMP | BPF_JA, (uint32_t)skip_to(c, place), 0, 0);
}

static size_t emit_fork(struct compactor *c, uint16_t op, uint32_t k, size_t yes, size_t no)
{
	yes = near(c, yes);
	no = near(c, no);
	return emit(c, BPF_JMP | BPF_K | op, k, (uint8_t)skip_to(c, yes), (uint8_t)skip_to(c, no));
}

/* Everything behind the ends that look at arguments, in its old order. */
static void keep_code(struct compactor *c)
{
	for (size_t pc = 0; pc < c->old_len; pc++) {
		const struct sock_filter *i = &c->old[pc];

		if (!c->kept[pc] || BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (i->code == (BPF_JMP | BPF_JA)) {
			c->kept[pc + 1 + i->k] = true;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			c->kept[pc + 1 + i->jt] = true;
			c->kept[pc + 1 + i->jf] = true;
		} else {
			c->kept[pc + 1] = true;
		}
	}
}

static void emit_code(struct compactor *c)
{
	for (size_t pc = c->old_len; pc-- > 0 && !c->lost;) {
		const struct sock_filter *i = &c->old[pc];

		if (!c->kept[pc])
			continue;
		if (i->code == (BPF_JMP | BPF_JA)) {
			/* Whoever comes here may as well go there. */
			c->places[pc] = c->places[pc + 1 + i->k];
			continue;
		}
		if (BPF_CLASS(i->code) == BPF_JMP) {
			c->places[pc] =
				emit_fork(c, BPF_OP(i->code), i->k, c->places[pc + 1 + i->jt],
					  c->places[pc + 1 + i->jf]);
			continue;
		}
		/* The one behind must follow, and a jump that vanished may have been it. */
		if (BPF_CLASS(i->code) != BPF_RET && c->places[pc + 1] + 1 != c->back_len)
			(void)emit(c, BPF_JMP | BPF_JA, (uint32_t)skip_to(c, c->places[pc + 1]), 0,
				   0);
		c->places[pc] = emit(c, i->code, i->k, i->jt, i->jf);
	}
}

/* The place of an interval's answer or code. */
static size_t place_end(struct compactor *c, size_t end)
{
	const struct sock_filter *i = &c->old[end];

	if (c->places[end] != NOWHERE && skip_to(c, c->places[end]) <= REACH)
		return c->places[end];
	if (i->code == (BPF_RET | BPF_K)) {
		/* Another return of the same may be near. */
		for (size_t at = c->back_len; at-- > 0 && skip_to(c, at) <= REACH;)
			if (c->back[at].code == i->code && c->back[at].k == i->k)
				return c->places[end] = at;
		return c->places[end] = emit(c, i->code, i->k, 0, 0);
	}
	return c->places[end] = near(c, c->places[end]);
}

/* A tree for the intervals from @from to @to - 1. */
static size_t emit_tree(struct compactor *c, size_t from, size_t to)
{
	const struct interval *v = c->intervals;
	size_t middle = from + (to - from) / 2, below, above;

	if (c->lost)
		return 0;
	if (to - from == 1)
		return place_end(c, v[from].end);
	/* One number in the midst of others. */
	if (to - from == 3 && v[from + 2].first - v[from + 1].first == 1 &&
	    place_end(c, v[from].end) == place_end(c, v[from + 2].end)) {
		above = place_end(c, v[from + 1].end);
		below = place_end(c, v[from].end);
		return emit_fork(c, BPF_JEQ, v[from + 1].first, above, below);
	}
	above = emit_tree(c, middle, to);
	below = emit_tree(c, from, middle);
	return emit_fork(c, BPF_JGE, v[middle].first, above, below);
}

/* The tree of one architecture, or of all others. */
static size_t emit_architecture(struct compactor *c, const uint32_t *architecture)
{
	size_t tree;

	c->interval_count = 0;
	follow(c, 0, HELD_NOTHING, architecture, 0, UINT32_MAX);
	if (c->lost)
		return 0;
	tree = emit_tree(c, 0, c->interval_count);
	if (c->interval_count == 1)
		return tree;
	if (tree + 1 != c->back_len)
		(void)emit(c, BPF_JMP | BPF_JA, (uint32_t)skip_to(c, tree), 0, 0);
	return emit(c, LOAD, OFFSET_NUMBER, 0, 0);
}

static void mark_ends(struct compactor *c, const uint32_t *architecture)
{
	c->interval_count = 0;
	follow(c, 0, HELD_NOTHING, architecture, 0, UINT32_MAX);
	for (size_t i = 0; i < c->interval_count; i++)
		c->kept[c->intervals[i].end] |=
			c->old[c->intervals[i].end].code != (BPF_RET | BPF_K);
}

static void write_anew(struct compactor *c)
{
	size_t next;

	for (size_t i = 0; i < c->architecture_count; i++)
		mark_ends(c, &c->architectures[i]);
	mark_ends(c, NULL);
	if (c->lost)
		return;
	keep_code(c);
	emit_code(c);
	next = emit_architecture(c, NULL);
	for (size_t i = c->architecture_count; i-- > 0 && !c->lost;) {
		size_t tree = emit_architecture(c, &c->architectures[i]);

		if (!c->lost)
			next = emit_fork(c, BPF_JEQ, c->architectures[i], tree, next);
	}
	if (!c->lost && next + 1 != c->back_len)
		(void)emit(c, BPF_JMP | BPF_JA, (uint32_t)skip_to(c, next), 0, 0);
	(void)emit(c, LOAD, OFFSET_ARCHITECTURE, 0, 0);
}

bool seccomp_compact(struct sock_filter *program, size_t *len)
{
	auto_free struct compactor *c = mem_new(struct compactor);
	auto_free bool *kept = mem_zero(*len + 1, sizeof(*kept));
	auto_free size_t *places = mem_zero(*len + 1, sizeof(*places));
	auto_free struct sock_filter *back = mem_zero(*len, sizeof(*back));

	c->old = program;
	c->old_len = *len;
	c->kept = kept;
	c->places = places;
	c->back = back;
	for (size_t i = 0; i <= *len; i++)
		places[i] = NOWHERE;
	find_architectures(c);
	if (!c->lost)
		write_anew(c);
	if (c->lost)
		return false;
	for (size_t i = 0; i < c->back_len; i++)
		program[i] = back[c->back_len - 1 - i];
	*len = c->back_len;
	return true;
}
