/*
 * What seccomp filters say to system calls: judge FILTER... <cases
 *
 * A FILTER is a file with a classic BPF program, as PTRACE_SECCOMP_GET_FILTER gives it. A case is a
 * line "number architecture argument", the argument being that of all six; for each, the strictest
 * answer of all filters is written, as a line, as the kernel would choose it.
 */
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTERS_MAX 16

struct program {
	struct sock_filter code[BPF_MAXINSNS];
	size_t len;
};

static struct program programs[FILTERS_MAX];

static uint32_t calculate(unsigned operation, uint32_t a, uint32_t b)
{
	switch (operation) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	case BPF_XOR:
		return a ^ b;
	case BPF_NEG:
		return -a;
	}
	abort();
}

static int is_taken(unsigned operation, uint32_t a, uint32_t b)
{
	switch (operation) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JSET:
		return (a & b) != 0;
	}
	abort();
}

static uint32_t decide(const struct program *program, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

	for (size_t at = 0; at < program->len; at++) {
		const struct sock_filter *f = &program->code[at];
		uint32_t operand = BPF_SRC(f->code) == BPF_X ? x : f->k;

		switch (BPF_CLASS(f->code)) {
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? a : f->k;
		case BPF_LD:
			if (BPF_MODE(f->code) == BPF_ABS)
				memcpy(&a, (const char *)data + f->k, sizeof(a));
			else
				a = BPF_MODE(f->code) == BPF_MEM ? memory[f->k] : f->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(f->code) == BPF_MEM ? memory[f->k] : f->k;
			break;
		case BPF_ST:
			memory[f->k] = a;
			break;
		case BPF_STX:
			memory[f->k] = x;
			break;
		case BPF_ALU:
			a = calculate(BPF_OP(f->code), a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA)
				at += f->k;
			else
				at += is_taken(BPF_OP(f->code), a, operand) ? f->jt : f->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(f->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	abort();
}

static void load(const char *path, struct program *program)
{
	FILE *file = fopen(path, "rbe");

	if (!file)
		exit(1);
	program->len = fread(program->code, sizeof(program->code[0]), BPF_MAXINSNS, file);
	fclose(file);
}

int main(int argc, char **argv)
{
	uint64_t number, arch, argument;

	if (argc - 1 > FILTERS_MAX)
		return 1;
	for (int i = 1; i < argc; i++)
		load(argv[i], &programs[i - 1]);
	while (scanf("%" SCNu64 " %" SCNu64 " %" SCNu64, &number, &arch, &argument) == 3) {
		struct seccomp_data data = {.nr = (int)number, .arch = (uint32_t)arch};
		uint32_t answer = SECCOMP_RET_ALLOW;

		for (int i = 0; i < 6; i++)
			data.args[i] = argument;
		for (int i = 1; i < argc; i++) {
			uint32_t one = decide(&programs[i - 1], &data);

			if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) <
			    (int32_t)(answer & SECCOMP_RET_ACTION_FULL))
				answer = one;
		}
		printf("%" PRIu32 "\n", answer);
	}
	return 0;
}
