#include "kern/seccomp-compact.h"

#include "base/test.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LOAD	    (BPF_LD | BPF_W | BPF_ABS)
#define OFFSET(x)   ((uint32_t)offsetof(struct seccomp_data, x))
#define POLICIES    300
#define RULES_MAX   120
#define NUMBERS_MAX 480

static const uint32_t architectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};
static const uint32_t answers[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 38,
				   SECCOMP_RET_KILL_PROCESS};

struct program {
	struct sock_filter v[BPF_MAXINSNS];
	size_t n;
};

static void add(struct program *p, uint16_t code, uint32_t k, unsigned yes, unsigned no)
{
	assert_true(p->n < BPF_MAXINSNS && yes < 256 && no < 256);
	p->v[p->n++] = (struct sock_filter)BPF_JUMP(code, k, (uint8_t)yes, (uint8_t)no);
}

static uint32_t answer(const struct program *p, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *i = &p->v[pc];
		bool taken = false;

		switch (i->code) {
		case LOAD:
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= i->k;
			break;
		default:
			fail_msg("instruction %zu is %#x", pc, i->code);
		}
		pc += taken ? i->jt : i->jf;
	}
	fail_msg("ran off the end");
	return 0;
}

static unsigned pick(unsigned below)
{
	return (unsigned)random() % below;
}

static uint32_t pick_answer(void)
{
	return answers[pick(ARRAY_SIZE(answers))];
}

/* One rule after the other, as nobody would write it: about a number, numbers from one on, or a
 * number with an argument; now and then about a number above all others (x32). */
static void add_rule(struct program *p, bool falls_through)
{
	uint32_t number = pick(NUMBERS_MAX) | (pick(4) ? 0 : 0x40000000);

	switch (pick(4)) {
	case 0:
		add(p, BPF_JMP | BPF_JGE | BPF_K, number | 0x100, 0, 1);
		add(p, BPF_RET | BPF_K, pick_answer(), 0, 0);
		return;
	case 1: /* the argument is 7 in these bits; or else the next rule, or another answer */
		add(p, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5);
		add(p, LOAD, OFFSET(args[1]), 0, 0);
		add(p, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
		add(p, BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1);
		add(p, BPF_RET | BPF_K, pick_answer(), 0, 0);
		if (falls_through)
			add(p, LOAD, OFFSET(nr), 0, 0);
		else
			add(p, BPF_RET | BPF_K, pick_answer(), 0, 0);
		return;
	default:
		add(p, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		add(p, BPF_RET | BPF_K, pick_answer(), 0, 0);
	}
}

static void make_policy(struct program *p, bool falls_through)
{
	p->n = 0;
	add(p, LOAD, OFFSET(arch), 0, 0);
	for (size_t a = 0; a < ARRAY_SIZE(architectures); a++) {
		size_t skip;

		/* A conditional jump does not reach over the rules. */
		add(p, BPF_JMP | BPF_JEQ | BPF_K, architectures[a], 1, 0);
		skip = p->n;
		add(p, BPF_JMP | BPF_JA, 0, 0, 0);
		add(p, LOAD, OFFSET(nr), 0, 0);
		for (unsigned i = pick(RULES_MAX); i > 0; i--)
			add_rule(p, falls_through);
		add(p, BPF_RET | BPF_K, pick_answer(), 0, 0);
		p->v[skip].k = (uint32_t)(p->n - skip - 1);
	}
	add(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

static void assert_same(const struct program *a, const struct program *b, uint32_t architecture,
			uint32_t number)
{
	for (uint64_t argument = 6; argument < 9; argument++) {
		struct seccomp_data data = {
			.nr = (int)number, .arch = architecture, .args = {0, argument, 0, 0, 0, 0}};

		if (answer(a, &data) != answer(b, &data))
			fail_msg("%#x, call %#x, argument %u: %#x became %#x", architecture, number,
				 (unsigned)argument, answer(a, &data), answer(b, &data));
	}
}

TEST(a_smaller_program_gives_every_answer_of_the_larger_one)
{
	static struct program old, new;
	size_t replaced = 0;

	srandom(1);
	for (int policy = 0; policy < POLICIES; policy++) {
		make_policy(&old, policy % 4 == 0);
		new = old;
		replaced += seccomp_compact(new.v, &new.n);
		assert_true(new.n <= old.n);
		for (uint32_t number = 0; number < NUMBERS_MAX + 0x110; number++) {
			for (size_t a = 0; a < ARRAY_SIZE(architectures); a++) {
				assert_same(&old, &new, architectures[a], number);
				assert_same(&old, &new, architectures[a], number | 0x40000000);
			}
			assert_same(&old, &new, AUDIT_ARCH_ARM, number);
		}
		assert_same(&old, &new, AUDIT_ARCH_X86_64, UINT32_MAX);
		assert_same(&old, &new, AUDIT_ARCH_X86_64, 0x80000000);
	}
	/* Those whose arguments lead back to the number keep most of their code. */
	assert_true(replaced > POLICIES / 2);
}

TEST(neighbours_of_one_answer_become_one_comparison)
{
	static struct program p;

	p.n = 0;
	add(&p, LOAD, OFFSET(nr), 0, 0);
	for (unsigned number = 100; number < 200; number++) {
		add(&p, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1, 0, 0);
	assert_true(seccomp_compact(p.v, &p.n));
	/* Load, two comparisons, two answers, and the architecture that is loaded for nothing. */
	assert_true(p.n <= 6);
}

TEST(a_program_that_cannot_be_followed_stays)
{
	static struct program p;

	p.n = 0;
	add(&p, LOAD, OFFSET(nr), 0, 0);
	add(&p, BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1, 0, 0);
	assert_false(seccomp_compact(p.v, &p.n));
	assert_int_equal(p.n, 4);
}
