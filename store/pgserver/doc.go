// Package pgserver starts and supervises a private PostgreSQL cluster, so that
// Sudi runs on a machine where nobody has set up a database.
//
// The cluster listens on a Unix socket only, in a directory that only the
// cluster's user may enter (0700). Whoever can open the socket is that user or
// root, so connections over it are trusted; there is no password and no host
// line in pg_hba.conf.
//
// # Layout
//
// Below Config.Dir:
//
//	data/   the cluster (PGDATA), made with checksums, UTF-8, superuser "sudi"
//	log/    the server's log, one file a weekday, reused after a week
//	run/    the socket
//
// Beside it lies Config.Dir + ".lock", on which the Go process holds a lock as
// long as it runs; the kernel releases it however the process ends.
//
// # Running as root
//
// PostgreSQL refuses to run as root. Started by root, the cluster runs as the
// owner of an existing data directory, else as "postgres", else as "nobody".
//
// That user cannot open a data directory below a folder that only root may
// enter, such as /root. Then the cluster is made in a directory of its own
// below /var/lib/sudi, and Config.Dir becomes a symbolic link to it. Looser
// permissions on the folder are not ours to give, and bind mounts or mount
// namespaces need rights that containers often lack; a link needs none,
// survives moving the checkout, and shows by plain "ls -l" where the data is.
// The directory's name is random, not derived from Config.Dir, so that somebody
// who deletes Config.Dir and starts again gets an empty database and never an
// old one.
//
// # When a process is killed
//
// If the Go process dies, the kernel sends the postmaster SIGINT (a fast, clean
// shutdown). PR_SET_PDEATHSIG fires when the forking thread ends, so that the
// thread is locked to a goroutine which lives as long as the postmaster. Should
// a postmaster outlive its parent all the same, the next Start finds it, stops
// it and starts anew. If PostgreSQL itself is killed, the next Start replays its
// write-ahead log: what was committed is there.
package pgserver
