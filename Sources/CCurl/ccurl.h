// The part of libcurl's interface that Hub uses, declared here because the library is opened at run time: no header has to
// be installed, and a program that downloads nothing does not load it. The numbers are libcurl's stable ABI (curl/curl.h).
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
    CCURLOPT_WRITEDATA = 10001,
    CCURLOPT_URL = 10002,
    CCURLOPT_ERRORBUFFER = 10010,
    CCURLOPT_WRITEFUNCTION = 20011,
    CCURLOPT_USERAGENT = 10018,
    CCURLOPT_LOW_SPEED_LIMIT = 19,
    CCURLOPT_LOW_SPEED_TIME = 20,
    CCURLOPT_HTTPHEADER = 10023,
    CCURLOPT_HEADERDATA = 10029,
    CCURLOPT_NOPROGRESS = 43,
    CCURLOPT_NOBODY = 44,
    CCURLOPT_XFERINFODATA = 10057,
    CCURLOPT_CAINFO = 10065,
    CCURLOPT_CONNECTTIMEOUT = 78,
    CCURLOPT_HEADERFUNCTION = 20079,
    CCURLOPT_BUFFERSIZE = 98,
    CCURLOPT_NOSIGNAL = 99,
    CCURLOPT_PROTOCOLS = 181,
    CCURLOPT_XFERINFOFUNCTION = 20219,
};

enum { CCURLINFO_RESPONSE_CODE = 0x200002 };
enum { CCURL_GLOBAL_DEFAULT = 3, CCURL_ERROR_SIZE = 256, CCURLPROTO_HTTP_HTTPS = 3 };

enum {
    CCURLE_URL_MALFORMAT = 3,
    CCURLE_COULDNT_RESOLVE_PROXY = 5,
    CCURLE_COULDNT_RESOLVE_HOST = 6,
    CCURLE_COULDNT_CONNECT = 7,
    CCURLE_HTTP2 = 16,
    CCURLE_PARTIAL_FILE = 18,
    CCURLE_OPERATION_TIMEDOUT = 28,
    CCURLE_SSL_CONNECT_ERROR = 35,
    CCURLE_GOT_NOTHING = 52,
    CCURLE_SEND_ERROR = 55,
    CCURLE_RECV_ERROR = 56,
    CCURLE_PEER_FAILED_VERIFICATION = 60,
    CCURLE_SSL_CACERT_BADFILE = 77,
    CCURLE_HTTP2_STREAM = 92,
};

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *user);
typedef int (*ccurl_progress_callback)(void *user, int64_t down_total, int64_t down, int64_t up_total, int64_t up);
typedef int (*ccurl_variadic)(void *handle, int option, ...);

// Swift cannot call variadic functions; each kind of argument gets a function of its own.
static inline int ccurl_set_long(ccurl_variadic setopt, void *handle, int option, long value) {
    return setopt(handle, option, value);
}
static inline int ccurl_set_text(ccurl_variadic setopt, void *handle, int option, const char *value) {
    return setopt(handle, option, value);
}
static inline int ccurl_set_pointer(ccurl_variadic setopt, void *handle, int option, void *value) {
    return setopt(handle, option, value);
}
static inline int ccurl_set_data_callback(ccurl_variadic setopt, void *handle, int option, ccurl_data_callback value) {
    return setopt(handle, option, value);
}
static inline int ccurl_set_progress_callback(ccurl_variadic setopt, void *handle, int option, ccurl_progress_callback value) {
    return setopt(handle, option, value);
}
static inline int ccurl_get_long(ccurl_variadic getinfo, void *handle, int info, long *value) {
    return getinfo(handle, info, value);
}
