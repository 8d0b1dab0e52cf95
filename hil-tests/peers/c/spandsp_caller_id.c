/* spandsp's ADSI receiver: "class" for Bell 202, "clip" for V.23. Prints the messages of each signal in hexadecimal. */
#include <spandsp.h>
#include <string.h>

#include "spandsp_signal.h"

static void message(void *user, const uint8_t *octets, int length)
{
    int at;

    (void) user;
    for (at = 0; at < length; at++)
        printf("%02x", octets[at]);
    putchar(' ');
}

int main(int argc, char *argv[])
{
    int standard = argc > 1 && strcmp(argv[1], "clip") == 0 ? ADSI_STANDARD_CLIP : ADSI_STANDARD_CLASS;
    int16_t *samples;
    uint32_t count;

    while ((samples = next_signal(&count)) != NULL) {
        adsi_rx_state_t *receiver = adsi_rx_init(NULL, standard, message, NULL);
        uint32_t at;

        for (at = 0; at < count; at += BLOCK)
            adsi_rx(receiver, samples + at, count - at < BLOCK ? (int) (count - at) : BLOCK);
        putchar('\n');
        adsi_rx_free(receiver);
        free(samples);
    }
    return 0;
}
