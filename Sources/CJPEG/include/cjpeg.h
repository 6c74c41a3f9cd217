#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libjpeg reports errors by jumping out of the call, which Swift cannot catch. Here every call returns instead.
// A call that fails returns false and leaves a sentence in `message`, which has room for CJPEG_MESSAGE bytes.

enum { CJPEG_MESSAGE = 200 };

typedef struct {
    int width;
    int height;
    bool is_cmyk;
} cjpeg_header;

typedef struct {
    int x;
    int y;
    int width;
    int height;
} cjpeg_region;

// Reads the sizes. Data that ends later is not looked at.
bool cjpeg_read_header(const uint8_t *data, size_t count, cjpeg_header *header, char *message);

// Decodes a region of the picture at 1/divisor (1, 2, 4 or 8) of its size, rounded up, to RGB, or CMYK for a picture in CMYK.
// The region is in pixels of the shrunken picture; its pixels are those of the whole picture decoded with the same divisor.
// What lies below the region is not decoded, so damage there goes unseen. Stray bytes between segments are no error.
bool cjpeg_decode(
    const uint8_t *data, size_t count, int divisor, cjpeg_region region, uint8_t *pixels, char *message);

// Encodes rows of RGB (3 channels) or grey (1); colour at full resolution, or half. *data is to be freed with free().
bool cjpeg_encode(
    const uint8_t *pixels, int width, int height, int channels, int quality, bool full_color, uint8_t **data, size_t *count,
    char *message);
