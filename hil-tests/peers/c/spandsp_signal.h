/* Signals on standard input: a 32-bit count of samples, then the samples; both little-endian. */
#ifndef SPANDSP_SIGNAL_H
#define SPANDSP_SIGNAL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK 160
#define MAX_SAMPLES (8000u * 3600u)

/* The next signal, to be freed; NULL at the end. */
static int16_t *next_signal(uint32_t *count)
{
    int16_t *samples;

    if (fread(count, sizeof(*count), 1, stdin) != 1)
        return NULL;
    if (*count > MAX_SAMPLES) {
        fputs("a signal is too long\n", stderr);
        exit(2);
    }
    samples = malloc((*count + 1) * sizeof(*samples));
    if (samples == NULL || fread(samples, sizeof(*samples), *count, stdin) != *count) {
        fputs("a signal is cut off\n", stderr);
        exit(2);
    }
    return samples;
}

#endif
