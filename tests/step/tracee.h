/*
 * The processes of the operation, by id. A process has a path that is the same in every run: "0"
 * is the command, "0.2" the third process that it makes, whatever the others do meanwhile. Each
 * counts its own system calls, so "0.2:17" means the same call in every run too, as far as the
 * process itself is deterministic.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tracee {
	pid_t pid;	  /* 0: this place is free */
	char path[64];	  /* "" until its parent's stop names it */
	char program[32]; /* the file it executes */
	unsigned children;
	unsigned long calls;
	uint64_t number; /* of the system call it was last seen in */
	bool stopped;	 /* at its first stop, before it had a path */
	bool failing;	 /* this call shall return an error */
};

enum { TRACEES_MAX = 256 };

struct tracees {
	struct tracee all[TRACEES_MAX];
	size_t count; /* of those that live */
};

/* NULL if there is none. */
struct tracee *tracee_find(struct tracees *tracees, pid_t pid);
/* That of @pid, made if there is none; NULL if there are too many. */
struct tracee *tracee_get(struct tracees *tracees, pid_t pid);
void tracee_forget(struct tracees *tracees, struct tracee *tracee);
/* Names @child after @parent, whose next child it is. */
void tracee_name(struct tracee *parent, struct tracee *child);
/* Sets its program, and says whether that is one of ours: what a container executes is not. */
bool tracee_executes_ours(struct tracee *tracee);
