/* spandsp's DTMF receiver with its own settings: prints the digits of each signal. */
#include <spandsp.h>

#include "spandsp_signal.h"

int main(void)
{
    int16_t *samples;
    uint32_t count;

    while ((samples = next_signal(&count)) != NULL) {
        dtmf_rx_state_t *receiver = dtmf_rx_init(NULL, NULL, NULL);
        char digits[MAX_DTMF_DIGITS + 1];
        uint32_t at;

        for (at = 0; at < count; at += BLOCK) {
            int length = count - at < BLOCK ? (int) (count - at) : BLOCK;

            dtmf_rx(receiver, samples + at, length);
            digits[0] = '\0';
            dtmf_rx_get(receiver, digits, MAX_DTMF_DIGITS);
            fputs(digits, stdout);
        }
        putchar('\n');
        dtmf_rx_free(receiver);
        free(samples);
    }
    return 0;
}
