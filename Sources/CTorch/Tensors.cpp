#include "Bridge.h"

#include <ATen/Functions.h>
#include <memory>

namespace {

CTStatus fromBlob(
    void *data, const int64_t *sizes, const int64_t *strides, size_t dimensions, int dtype,
    void (*release)(void *), void *context, CTTensor *out) {
  return bridge::guard("from_blob", [&] {
    auto options = at::TensorOptions(static_cast<at::ScalarType>(dtype));
    at::IntArrayRef shape(sizes, dimensions);
    // Also released when LibTorch refuses the layout, whether or not it had taken the memory over by then.
    std::shared_ptr<void> owner(context, [release](void *kept) { if (release) release(kept); });
    auto deleter = [owner](void *) mutable { owner.reset(); };
    *out = bridge::give(
        strides ? at::from_blob(data, shape, at::IntArrayRef(strides, dimensions), deleter, options)
                : at::from_blob(data, shape, deleter, options));
  });
}

}  // namespace

void bridge::fillTensors(CTorchAPI &api) {
  api.retain = [](CTTensor t) { return give(borrow(t)); };
  api.release = [](CTTensor t) { if (t) Impl::reclaim(impl(t)); };
  api.from_blob = fromBlob;
  api.dimensions = [](CTTensor t) { return static_cast<size_t>(impl(t)->dim()); };
  api.sizes = [](CTTensor t) { return impl(t)->sizes().data(); };
  api.strides = [](CTTensor t) { return impl(t)->strides().data(); };
  api.count = [](CTTensor t) { return impl(t)->numel(); };
  api.dtype = [](CTTensor t) { return static_cast<int>(c10::typeMetaToScalarType(impl(t)->dtype())); };
  api.device_type = [](CTTensor t) { return static_cast<int>(impl(t)->device().type()); };
  api.device_index = [](CTTensor t) { return static_cast<int>(impl(t)->device().index()); };
  api.data = [](CTTensor t) { return impl(t)->mutable_data(); };
  api.storage = [](CTTensor t) { return impl(t)->storage().data(); };
  api.is_contiguous = [](CTTensor t, int format) {
    return impl(t)->is_contiguous(static_cast<c10::MemoryFormat>(format));
  };
}
