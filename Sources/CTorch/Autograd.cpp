#include "Bridge.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>

namespace {

std::vector<at::Tensor> list(const CTTensor *handles, size_t count) {
  std::vector<at::Tensor> tensors;
  if (!handles) return tensors;
  for (size_t i = 0; i < count; ++i) tensors.push_back(bridge::borrow(handles[i]));
  return tensors;
}

CTStatus backward(
    const CTTensor *roots, const CTTensor *gradients, size_t count, bool retainGraph, bool createGraph) {
  return bridge::guard("backward", [&] {
    torch::autograd::backward(list(roots, count), list(gradients, count), retainGraph, createGraph);
  });
}

CTStatus gradients(
    const CTTensor *roots, const CTTensor *rootGradients, size_t rootCount, const CTTensor *inputs,
    size_t inputCount, bool retainGraph, bool createGraph, bool allowUnused, CTTensor *out) {
  return bridge::guard("grad", [&] {
    auto results = torch::autograd::grad(
        list(roots, rootCount), list(inputs, inputCount), list(rootGradients, rootCount), retainGraph,
        createGraph, allowUnused);
    for (auto &result : results) *out++ = bridge::give(result);
  });
}

}  // namespace

void bridge::fillAutograd(CTorchAPI &api) {
  api.grad_enabled = [] { return at::GradMode::is_enabled(); };
  api.set_grad_enabled = [](bool enabled) { at::GradMode::set_enabled(enabled); };
  api.requires_grad = [](CTTensor t) { return impl(t)->requires_grad(); };
  api.set_requires_grad = [](CTTensor t, bool required) {
    return guard("requires_grad", [&] { borrow(t).requires_grad_(required); });
  };
  api.grad = [](CTTensor t) { return give(borrow(t).grad()); };
  api.set_grad = [](CTTensor t, CTTensor gradient) {
    return guard("grad", [&] { borrow(t).mutable_grad() = borrow(gradient); });
  };
  api.backward = backward;
  api.gradients = gradients;
  api.autocast_dtype = [](int device) {
    auto type = static_cast<c10::DeviceType>(device);
    return at::autocast::is_autocast_enabled(type) ? static_cast<int>(at::autocast::get_autocast_dtype(type)) : -1;
  };
  api.set_autocast = [](int device, int dtype) {
    auto type = static_cast<c10::DeviceType>(device);
    at::autocast::set_autocast_enabled(type, dtype >= 0);
    if (dtype >= 0) at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(dtype));
  };
  api.clear_autocast_cache = [] { at::autocast::clear_cache(); };
}
