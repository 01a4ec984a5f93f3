/* A clock that is WRONG_CLOCK seconds ahead, for the process that loads this library (LD_PRELOAD).
 *
 * Only the time of day is wrong. libfaketime also changes clock_nanosleep(), whose absolute time of
 * the monotonic clock becomes invalid, so that Python's time.sleep() fails. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
    static long seconds;
    static int known;
    if (!known) {
        const char *text = getenv("WRONG_CLOCK");
        seconds = text ? atol(text) : 0;
        known = 1;
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    int status = syscall(SYS_clock_gettime, clock, found);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        found->tv_sec += ahead();
    return status;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
    int status = syscall(SYS_gettimeofday, found, zone);
    if (status == 0)
        found->tv_sec += ahead();
    return status;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found)
        *found = now.tv_sec;
    return now.tv_sec;
}
