#pragma once

#include "ctorch.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <string>
#include <vector>

// Arguments on their way into a boxed operator, then its results; one a thread.
struct CTStack {
  torch::jit::Stack values;
  // Whether an argument is the undefined tensor that an earlier failure left behind.
  bool poisoned = false;
};

struct CTOperator {
  c10::OperatorHandle handle;
  std::vector<std::optional<c10::IValue>> defaults;
  // Positions whose schema type is `float`: an integer given there is converted, as Python does.
  std::vector<size_t> floats;
};

namespace bridge {

std::string &error();

using Impl = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;

inline at::Tensor borrow(CTTensor handle) {
  if (!handle) return {};
  return at::Tensor(Impl::reclaim_copy(static_cast<at::TensorImpl *>(handle)));
}

inline CTTensor give(at::Tensor tensor) {
  return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

inline at::TensorImpl *impl(CTTensor handle) { return static_cast<at::TensorImpl *>(handle); }

std::string describe(const c10::IValue &value);
CTStatus fail(const std::exception &exception, const std::string &context);

// Runs `body`; an exception becomes a status and a message.
template <class Body>
CTStatus guard(const char *context, Body &&body) {
  try {
    body();
    return CT_OK;
  } catch (const std::exception &exception) {
    return fail(exception, context);
  }
}

void fillOperators(CTorchAPI &);
void fillTensors(CTorchAPI &);
void fillAutograd(CTorchAPI &);
void fillDevices(CTorchAPI &);

}  // namespace bridge
