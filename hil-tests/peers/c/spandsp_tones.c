/* spandsp's supervisory tone receiver: each argument is a tone, its elements as f1,f2,min_ms,max_ms joined by ';'
 * (a frequency of 0 is none, a max_ms of 0 no limit). Prints the numbers of the tones told in each signal. */
#include <spandsp.h>
#include <string.h>

#include "spandsp_signal.h"

static void told(void *user, int code, int level, int delay)
{
    (void) user;
    (void) level;
    (void) delay;
    if (code >= 0)
        printf("%d ", code);
}

static void add_tone(super_tone_rx_descriptor_t *plan, const char *text)
{
    int tone = super_tone_rx_add_tone(plan);

    while (text != NULL && *text != '\0') {
        int f1, f2, min, max;

        if (sscanf(text, "%d,%d,%d,%d", &f1, &f2, &min, &max) != 4) {
            fprintf(stderr, "not an element: %s\n", text);
            exit(2);
        }
        super_tone_rx_add_element(plan, tone, f1, f2, min, max);
        text = strchr(text, ';');
        if (text != NULL)
            text++;
    }
}

int main(int argc, char *argv[])
{
    super_tone_rx_descriptor_t *plan = super_tone_rx_make_descriptor(NULL);
    int16_t *samples;
    uint32_t count;
    int arg;

    for (arg = 1; arg < argc; arg++)
        add_tone(plan, argv[arg]);
    while ((samples = next_signal(&count)) != NULL) {
        super_tone_rx_state_t *receiver = super_tone_rx_init(NULL, plan, told, NULL);
        uint32_t at;

        for (at = 0; at < count; at += BLOCK)
            super_tone_rx(receiver, samples + at, count - at < BLOCK ? (int) (count - at) : BLOCK);
        putchar('\n');
        super_tone_rx_free(receiver);
        free(samples);
    }
    super_tone_rx_free_descriptor(plan);
    return 0;
}
