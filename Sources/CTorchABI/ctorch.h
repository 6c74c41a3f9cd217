// The C ABI over LibTorch: operators are found by name and called boxed, through a table of functions.
//
// A call: `stack()` once, `push_…` for each argument in the schema's order (trailing arguments may be
// left out when the schema has defaults), `call`, `take_…` for each result. Nothing throws across this boundary;
// a status other than CT_OK means that `last_error` has the message.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CT_ABI 2

/// A tensor: one counted reference, given back by `release`. NULL is the undefined tensor.
typedef void *CTTensor;
typedef struct CTOperator CTOperator;
typedef struct CTStack CTStack;

typedef enum { CT_OK = 0, CT_ERROR = 1, CT_OUT_OF_MEMORY = 2 } CTStatus;

/// A gradient written by hand: of a function's `inputs`, when that of its value is `gradient`. Both are borrowed; `results` (one an input,
/// NULL for none) are given away. A status other than CT_OK comes with a `message` from malloc.
typedef CTStatus (*CTGradient)(
    void *context, const CTTensor *inputs, size_t count, CTTensor gradient, CTTensor *results, char **message);

typedef struct CTMemory {
  int64_t allocated, peakAllocated, reserved, peakReserved;
} CTMemory;

typedef struct CTorchAPI {
  // The library
  const char *(*torch_version)(void);
  const char *(*last_error)(void);
  int (*get_threads)(void);
  void (*set_threads)(int count);
  const char *(*cpu_capability)(void);
  void (*set_deterministic)(bool enabled);
  void (*set_deterministic_cpu)(bool enabled);

  // Operators
  const CTOperator *(*find)(const char *name, const char *overload);
  CTStack *(*stack)(void);
  void (*push_none)(CTStack *);
  void (*push_default)(CTStack *);
  void (*push_tensor)(CTStack *, CTTensor);
  void (*push_int)(CTStack *, int64_t);
  void (*push_double)(CTStack *, double);
  void (*push_bool)(CTStack *, bool);
  void (*push_string)(CTStack *, const char *, size_t);
  void (*push_ints)(CTStack *, const int64_t *, size_t);
  void (*push_doubles)(CTStack *, const double *, size_t);
  void (*push_bools)(CTStack *, const bool *, size_t);
  void (*push_tensors)(CTStack *, const CTTensor *, size_t);
  void (*push_optional_tensors)(CTStack *, const CTTensor *, size_t);
  void (*push_device)(CTStack *, int type, int index);
  CTStatus (*call)(const CTOperator *, CTStack *);
  size_t (*result_count)(const CTStack *);
  CTTensor (*take_tensor)(CTStack *, size_t index);
  int64_t (*take_int)(CTStack *, size_t index);
  double (*take_double)(CTStack *, size_t index);
  bool (*take_bool)(CTStack *, size_t index);
  size_t (*tensor_list_count)(const CTStack *, size_t index);
  void (*take_tensor_list)(CTStack *, size_t index, CTTensor *out);
  void (*clear)(CTStack *);

  // Tensors
  CTTensor (*retain)(CTTensor);
  void (*release)(CTTensor);
  CTStatus (*from_blob)(
      void *data, const int64_t *sizes, const int64_t *strides, size_t dimensions, int dtype,
      void (*release)(void *context), void *context, CTTensor *out);
  size_t (*dimensions)(CTTensor);
  const int64_t *(*sizes)(CTTensor);
  const int64_t *(*strides)(CTTensor);
  int64_t (*count)(CTTensor);
  int (*dtype)(CTTensor);
  int (*device_type)(CTTensor);
  int (*device_index)(CTTensor);
  void *(*data)(CTTensor);
  const void *(*storage)(CTTensor);
  bool (*is_contiguous)(CTTensor, int memory_format);

  // Autograd
  bool (*grad_enabled)(void);
  void (*set_grad_enabled)(bool);
  bool (*requires_grad)(CTTensor);
  CTStatus (*set_requires_grad)(CTTensor, bool);
  CTTensor (*grad)(CTTensor);
  CTStatus (*set_grad)(CTTensor, CTTensor gradient);
  CTStatus (*backward)(
      const CTTensor *roots, const CTTensor *gradients, size_t count, bool retain_graph, bool create_graph);
  CTStatus (*gradients)(
      const CTTensor *roots, const CTTensor *root_gradients, size_t root_count, const CTTensor *inputs,
      size_t input_count, bool retain_graph, bool create_graph, bool allow_unused, CTTensor *out);

  /// `value` as a function of `inputs`; `release` frees `context` when the graph is gone.
  CTStatus (*with_gradient)(
      CTTensor value, const CTTensor *inputs, size_t count, CTGradient gradient, void (*release)(void *context),
      void *context, CTTensor *out);

  // Autocast; `dtype` is -1 for "off"
  int (*autocast_dtype)(int device_type);
  void (*set_autocast)(int device_type, int dtype);
  void (*clear_autocast_cache)(void);

  // Random numbers
  CTStatus (*seed)(uint64_t seed);
  CTStatus (*random_state)(int device_type, int device_index, CTTensor *out);
  CTStatus (*set_random_state)(int device_type, int device_index, CTTensor state);

  // Devices
  int (*cuda_count)(void);
  bool (*mps_available)(void);
  CTStatus (*synchronize)(int device_type, int device_index);
  CTStatus (*memory)(int device_type, int device_index, CTMemory *out);
} CTorchAPI;

/// The table, or NULL when the library was built for another `abi`.
typedef const CTorchAPI *(*CTorchEntry)(int abi);

#ifdef __cplusplus
}
#endif
