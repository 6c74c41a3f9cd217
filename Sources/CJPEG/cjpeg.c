#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#ifndef LIBJPEG_TURBO_VERSION
#error "libjpeg-turbo is needed: other libjpegs cannot decode a region"
#endif

_Static_assert(CJPEG_MESSAGE == JMSG_LENGTH_MAX, "messages have libjpeg's length");

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf exit;
    char *message;
} error_manager;

static void fail(j_common_ptr codec) {
    error_manager *errors = (error_manager *)codec->err;
    codec->err->format_message(codec, errors->message);
    longjmp(errors->exit, 1);
}

// Warnings are damage that the decoder papers over; many cameras write stray bytes between segments.
static void warn(j_common_ptr codec, int level) {
    if (level < 0 && codec->err->msg_code != JWRN_EXTRANEOUS_DATA) fail(codec);
}

static struct jpeg_error_mgr *install(error_manager *errors, char *message) {
    jpeg_std_error(&errors->base);
    errors->base.error_exit = fail;
    errors->base.emit_message = warn;
    errors->message = message;
    message[0] = 0;
    return &errors->base;
}

bool cjpeg_read_header(const uint8_t *data, size_t count, cjpeg_header *header, char *message) {
    struct jpeg_decompress_struct decoder;
    error_manager errors;
    decoder.err = install(&errors, message);
    if (setjmp(errors.exit)) {
        jpeg_destroy_decompress(&decoder);
        return false;
    }
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, (unsigned char *)data, count);
    jpeg_read_header(&decoder, TRUE);
    header->width = (int)decoder.image_width;
    header->height = (int)decoder.image_height;
    header->is_cmyk = decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
    jpeg_destroy_decompress(&decoder);
    return true;
}

// Smooth upsampling of colour looks at neighbours, and at the edge of what is decoded it has none: a block more on each side keeps
// that edge out of the region.
static void decode_region(struct jpeg_decompress_struct *decoder, cjpeg_region region, JSAMPROW scratch, uint8_t *pixels) {
    const int block_width = decoder->max_h_samp_factor * decoder->min_DCT_scaled_size;
    const int block_height = decoder->max_v_samp_factor * decoder->min_DCT_scaled_size;
    const int channels = decoder->output_components;
    int left = 0;
    if (region.width < (int)decoder->output_width) {
        JDIMENSION start = region.x > block_width ? region.x - block_width : 0;
        JDIMENSION end = region.x + region.width + block_width;
        if (end > decoder->output_width) end = decoder->output_width;
        JDIMENSION width = end - start;
        jpeg_crop_scanline(decoder, &start, &width);
        left = region.x - (int)start;
    }
    const int skipped = (region.y / block_height - 1) * block_height;
    if (skipped > 0) jpeg_skip_scanlines(decoder, (JDIMENSION)skipped);
    while ((int)decoder->output_scanline < region.y) jpeg_read_scanlines(decoder, &scratch, 1);
    const size_t row_bytes = (size_t)region.width * channels;
    const bool direct = (int)decoder->output_width == region.width;
    for (int y = 0; y < region.height; y++, pixels += row_bytes) {
        JSAMPROW row = direct ? pixels : scratch;
        jpeg_read_scanlines(decoder, &row, 1);
        if (!direct) memcpy(pixels, scratch + (size_t)left * channels, row_bytes);
    }
}

bool cjpeg_decode(const uint8_t *data, size_t count, int divisor, cjpeg_region region, uint8_t *pixels, char *message) {
    struct jpeg_decompress_struct decoder;
    error_manager errors;
    decoder.err = install(&errors, message);
    if (setjmp(errors.exit)) {
        jpeg_destroy_decompress(&decoder);
        return false;
    }
    jpeg_create_decompress(&decoder);
    jpeg_mem_src(&decoder, (unsigned char *)data, count);
    jpeg_read_header(&decoder, TRUE);
    const bool is_cmyk = decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
    decoder.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    decoder.scale_num = 1;
    decoder.scale_denom = (unsigned)divisor;
    jpeg_start_decompress(&decoder);
    // The decoder frees it, also when it jumps out.
    JSAMPROW scratch = decoder.mem->alloc_large(
        (j_common_ptr)&decoder, JPOOL_IMAGE, (size_t)decoder.output_width * decoder.output_components);
    decode_region(&decoder, region, scratch, pixels);
    // The last row wanted may be the picture's last: what follows it is then looked at, and may be cut short.
    if (decoder.output_scanline == decoder.output_height) jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
    return true;
}

bool cjpeg_encode(
    const uint8_t *pixels, int width, int height, int channels, int quality, bool full_color, uint8_t **data, size_t *count,
    char *message
) {
    struct jpeg_compress_struct encoder;
    error_manager errors;
    unsigned char *written = NULL;
    unsigned long size = 0;
    encoder.err = install(&errors, message);
    if (setjmp(errors.exit)) {
        jpeg_destroy_compress(&encoder);
        return false;
    }
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &written, &size);
    encoder.image_width = (JDIMENSION)width;
    encoder.image_height = (JDIMENSION)height;
    encoder.input_components = channels;
    encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    if (channels == 3 && full_color) encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&encoder, TRUE);
    const size_t row_bytes = (size_t)width * channels;
    while (encoder.next_scanline < encoder.image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + row_bytes * encoder.next_scanline);
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    *data = written;
    *count = size;
    return true;
}
