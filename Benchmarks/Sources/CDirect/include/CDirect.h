#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Microseconds a call of `name` (add, relu, matmul) from C++, without a bridge and without autograd: the fastest round.
double direct_microseconds(const char *name, int rounds, int calls);

#ifdef __cplusplus
}
#endif
