/*
 * The engine: the one API that every door (command line, Docker, CRI, containerd) uses.
 *
 * An engine is two folders (io/root.h) and nothing else: every call reads what it needs from there
 * and from the kernel, so that any number of processes work on the same containers at once.
 * Topics have headers of their own:
 *
 *   container-config.h   what a container is created from
 *   container.h          one container: its record and its state; find, list
 *   container-create.h   create, and what an interrupted creation leaves
 *   container-start.h    start, attach, wait for the end
 *   container-stop.h     stop, kill, wait, restart
 *   container-remove.h   rm, cleanup
 *   container-exec.h     exec
 *   container-copy.h     files into and out of it, as tar streams
 *   container-diff.h     what it has changed in its root file system
 *   container-pause.h    hold it, let it go on
 *   container-rename.h   another name
 *   container-stats.h    what it uses now
 *   container-top.h      its processes
 *   container-update.h   other limits
 *   event.h              what has happened
