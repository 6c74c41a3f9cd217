#include "Bridge.h"

#include <ATen/autocast_mode.h>
#include <cstdlib>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

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

// A function whose gradient the caller computes.
class CallersGradient : public torch::autograd::Node {
 public:
  CallersGradient(const std::vector<at::Tensor> &inputs, CTGradient gradient, std::shared_ptr<void> context)
      : gradient_(gradient), context_(std::move(context)) {
    set_next_edges(torch::autograd::collect_next_edges(inputs));
    for (const at::Tensor &input : inputs) saved_.emplace_back(input, false);
  }

  std::string name() const override { return "CallersGradient"; }

  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto &saved : saved_) saved.reset_data();
  }

 protected:
  torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
    std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(!at::GradMode::is_enabled(), "this function has no second derivative");
    if (!gradients[0].defined()) return torch::autograd::variable_list(saved_.size());
    std::vector<at::Tensor> inputs;
    for (auto &saved : saved_) inputs.push_back(saved.unpack());
    std::vector<CTTensor> handles, results(inputs.size(), nullptr);
    for (const at::Tensor &input : inputs) handles.push_back(input.unsafeGetTensorImpl());
    char *message = nullptr;
    CTStatus status = gradient_(
        context_.get(), handles.data(), handles.size(), gradients[0].unsafeGetTensorImpl(), results.data(), &message);
    torch::autograd::variable_list found;
    for (CTTensor result : results) found.push_back(take(result));
    if (status == CT_OK) return found;
    std::string text = message ? message : "unknown error";
    std::free(message);
    TORCH_CHECK_WITH(OutOfMemoryError, status != CT_OUT_OF_MEMORY, text);
    TORCH_CHECK(false, text);
  }

 private:
  static at::Tensor take(CTTensor handle) {
    return handle ? at::Tensor(bridge::Impl::reclaim(static_cast<at::TensorImpl *>(handle))) : at::Tensor();
  }

  CTGradient gradient_;
  std::shared_ptr<void> context_;
  std::vector<torch::autograd::SavedVariable> saved_;
};

CTStatus withGradient(
    CTTensor value, const CTTensor *inputs, size_t count, CTGradient gradient, void (*release)(void *), void *context,
    CTTensor *out) {
  std::shared_ptr<void> owned(context, release);
  return bridge::guard("gradient", [&] {
    auto node = std::shared_ptr<CallersGradient>(
        new CallersGradient(list(inputs, count), gradient, std::move(owned)), torch::autograd::deleteNode);
    at::Tensor result = bridge::borrow(value).variable_data();
    torch::autograd::set_history(result, node);
    *out = bridge::give(result);
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
  api.with_gradient = withGradient;
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
