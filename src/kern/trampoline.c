#include "kern/trampoline.h"

#include "base/fd.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3: says that the file is to be executed */
#endif

#define LOAD_ADDRESS 0x400000

extern const char trampoline_code[], trampoline_code_end[];

/* Position-independent; at the start the stack holds argc, argv, NULL, envp, NULL. */
#if defined(__x86_64__)
#define MACHINE EM_X86_64
__asm__(".pushsection .rodata\n"
	"trampoline_code:\n\t"
	"movq 16(%rsp), %rbx\n\t" /* the descriptor, seven bits a byte */
	"movzbl (%rbx), %edi\n\t"
	"andl $0x7f, %edi\n\t"
	"movzbl 1(%rbx), %eax\n\t"
	"andl $0x7f, %eax\n\t"
	"shll $7, %eax\n\t"
	"orl %eax, %edi\n\t"
	"movl %edi, %ebp\n\t"
	"movl $72, %eax\n\t" /* fcntl(fd, F_SETFD, FD_CLOEXEC) */
	"movl $2, %esi\n\t"
	"movl $1, %edx\n\t"
	"syscall\n\t"
	"testq %rax, %rax\n\t"
	"jnz 1f\n\t"
	"movq (%rsp), %rcx\n\t" /* execve(argv[0], argv + 2, envp) */
	"leaq 16(%rsp,%rcx,8), %rdx\n\t"
	"leaq 24(%rsp), %rsi\n\t"
	"movq 8(%rsp), %rdi\n\t"
	"movl $59, %eax\n\t"
	"syscall\n"
	"1:\n\t"
	"pushq %rax\n\t" /* write(fd, &errno, 4) */
	"movl %ebp, %edi\n\t"
	"movq %rsp, %rsi\n\t"
	"movl $4, %edx\n\t"
	"movl $1, %eax\n\t"
	"syscall\n\t"
	"movl $125, %edi\n\t" /* exit_group(125) */
	"movl $231, %eax\n\t"
	"syscall\n\t"
	"hlt\n"
	"trampoline_code_end:\n"
	".popsection\n");
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"trampoline_code:\n\t"
	"ldr x20, [sp, #16]\n\t"
	"ldrb w21, [x20]\n\t"
	"and w21, w21, #0x7f\n\t"
	"ldrb w22, [x20, #1]\n\t"
	"and w22, w22, #0x7f\n\t"
	"orr w21, w21, w22, lsl #7\n\t"
	"mov w0, w21\n\t" /* fcntl(fd, F_SETFD, FD_CLOEXEC) */
	"mov x1, #2\n\t"
	"mov x2, #1\n\t"
	"mov x8, #25\n\t"
	"svc #0\n\t"
	"cbnz x0, 1f\n\t"
	"ldr x3, [sp]\n\t" /* execve(argv[0], argv + 2, envp) */
	"mov x4, sp\n\t"
	"add x2, x4, x3, lsl #3\n\t"
	"add x2, x2, #16\n\t"
	"add x1, x4, #24\n\t"
	"ldr x0, [sp, #8]\n\t"
	"mov x8, #221\n\t"
	"svc #0\n"
	"1:\n\t"
	"str x0, [sp, #-16]!\n\t" /* write(fd, &errno, 4) */
	"mov w0, w21\n\t"
	"mov x1, sp\n\t"
	"mov x2, #4\n\t"
	"mov x8, #64\n\t"
	"svc #0\n\t"
	"mov x0, #125\n\t" /* exit_group(125) */
	"mov x8, #94\n\t"
	"svc #0\n\t"
	"brk #1\n"
	"trampoline_code_end:\n"
	".popsection\n");
#else
#error "the trampoline needs a few lines of assembler for this architecture"
#endif

/* A whole executable: headers, then the code. */
struct image {
	Elf64_Ehdr header;
	Elf64_Phdr program;
	char code[256];
};

static size_t make_image(struct image *image)
{
	size_t code = (size_t)(trampoline_code_end - trampoline_code);
	size_t size = offsetof(struct image, code) + code;

	assert(code <= sizeof(image->code));
	*image = (struct image) {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					    ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_EXEC,
				.e_machine = MACHINE,
				.e_version = EV_CURRENT,
				.e_entry = LOAD_ADDRESS + offsetof(struct image, code),
				.e_phoff = offsetof(struct image, program),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 1,
			},
		.program =
			{
				.p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_vaddr = LOAD_ADDRESS,
				.p_paddr = LOAD_ADDRESS,
				.p_filesz = size,
				.p_memsz = size,
				.p_align = 0x1000,
			},
	};
	memcpy(image->code, trampoline_code, code);
	return size;
}

int trampoline_open(void)
{
	struct image image;
	auto_fd int fd = -EBADF;
	size_t size;
	int r;

	fd = memfd_create("kist-exec", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("kist-exec", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	size = make_image(&image);
	r = fd_write_full(fd, &image, size);
	if (r < 0)
		return r;
	/* The container's user executes it. */
	if (fchmod(fd, 0555) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void trampoline_fd_text(int fd, char *buf)
{
	assert(fd >= 0 && fd < 1 << 14);
	buf[0] = (char)(0x80 | (fd & 0x7f));
	buf[1] = (char)(0x80 | fd >> 7);
	buf[2] = '\0';
}
